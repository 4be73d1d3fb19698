using System.Globalization;
using NoProp.Actors.Protocol;

namespace NoProp.Host.Views;

/// <summary>The words that both views use.</summary>
internal static class ProgressText
{
    /// <summary>One line for a finished epoch.</summary>
    public static string Epoch(EpochFinished epoch, ProgressSnapshot progress) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {epoch.Epoch}/{progress.Started?.Epochs}  test accuracy {epoch.TestAccuracy,7:0.00%}  {epoch.Elapsed.TotalSeconds,7:0.0} s");

    /// <summary>One line for the moment: steps, rate, time to go.</summary>
    public static string Status(ProgressSnapshot progress)
    {
        string remaining = progress.Remaining is { } time ? $", {Duration(time)} to go" : "";
        string slots = progress.Slots is { } counts ? $", {Slots(counts)}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{progress.TotalSteps}/{progress.TotalTarget} block steps, {progress.StepsPerSecond:0.0} a second{slots}{remaining}");
    }

    /// <summary>The three populations of slots.</summary>
    public static string Slots(SlotCounts slots) =>
        string.Create(CultureInfo.InvariantCulture, $"slots: {slots.Alive:0.#} alive, {slots.Leased:0.#} with a lease, {slots.Contributing:0.#} contributing");

    /// <summary>A duration as people say it.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => $"{(int)time.TotalHours} h {time.Minutes:00} min",
        { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds:00} s",
        _ => $"{time.Seconds} s",
    };
}
