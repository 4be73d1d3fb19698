using System.Diagnostics;
using NoProp.Actors.Protocol;
using Spectre.Console;

namespace NoProp.Host.Views;

/// <summary>Progress as lines: one for each epoch and incident, and one every few seconds in between.</summary>
internal static class PlainView
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>Writes until the training is over.</summary>
    public static async Task FollowAsync(IAnsiConsole console, TrainingProgress progress, Task<RunEnded> training)
    {
        (int epochs, int incidents, long lastLine) = (0, 0, Stopwatch.GetTimestamp());
        bool over;
        do
        {
            over = await Task.WhenAny(training, Task.Delay(Refresh)) == training;
            ProgressSnapshot now = progress.Read();
            string[] lines =
            [
                .. now.Incidents.Skip(incidents).Select(incident => $"note: {incident}"),
                .. now.Epochs.Skip(epochs).Select(epoch => $"{ProgressText.Epoch(epoch, now)}  {ProgressText.Status(now)}"),
            ];
            (epochs, incidents) = (now.Epochs.Count, now.Incidents.Count);
            if (lines.Length == 0 && !over && now.Started is not null && Stopwatch.GetElapsedTime(lastLine) > Heartbeat)
            {
                lines = [ProgressText.Status(now)];
            }

            foreach (string line in lines)
            {
                console.WriteLine(line);
                lastLine = Stopwatch.GetTimestamp();
            }
        }
        while (!over);
    }
}
