using System.Text.Json;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Commands;
using NoProp.Models;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>A row with a seed: one training in a folder of its own.</summary>
/// <param name="Row">The row.</param>
/// <param name="Seed">Seed of its random numbers.</param>
/// <param name="Folder">Run folder.</param>
/// <param name="Images">Training images used.</param>
/// <param name="Overrides">All its settings that are not left at their defaults, each <c>path=value</c>.</param>
/// <param name="Loaded">The settings, checked.</param>
internal sealed record RowJob(Row Row, ulong Seed, string Folder, int Images, IReadOnlyList<string> Overrides, LoadedSettings Loaded)
{
    /// <summary>A job whose settings are checked.</summary>
    /// <exception cref="SettingsException">A setting is unknown or not allowed; the message names the row.</exception>
    public static RowJob Create(Row row, ulong seed, string root, int images, IReadOnlyList<string> settings)
    {
        string folder = Path.Combine(root, $"{row.Name}-seed{seed}");
        string[] overrides = [.. settings, $"noprop.seed={seed}", $"noprop.run.out={folder}"];
        try
        {
            return new(row, seed, folder, images, overrides, SettingsLoader.Load(overrides: overrides, policyFault: SettingsOptions.PolicyFault));
        }
        catch (SettingsException e)
        {
            throw new SettingsException($"row {row.Name}: {e.Message}");
        }
    }

    /// <summary>Whether its folder is there.</summary>
    public bool IsBegun => File.Exists(Path.Combine(Folder, "run.conf"));

    /// <summary>The result that an earlier session left; null where there is something to train.</summary>
    /// <exception cref="SettingsException">The folder's run has other settings.</exception>
    /// <exception cref="NoPropException">The folder cannot be read.</exception>
    public RowRun? Finished()
    {
        if (!IsBegun)
        {
            return null;
        }

        RunFolder folder = RunFolder.Read(Folder);
        NoPropSettings trained = SettingsLoader.Load(SettingsOptions.Read(folder.Settings)).Settings;
        RunSummary? summary = ReadSummary(folder);
        IReadOnlyList<string> differences = SettingsHocon.DifferencesThatMatter(trained, Loaded.Settings);
        if (summary?.Epochs > Loaded.Settings.Epochs)
        {
            differences = [.. differences, $"noprop.epochs: {summary.Epochs} in the run, {Loaded.Settings.Epochs} asked for"];
        }

        if (differences.Count > 0)
        {
            throw new SettingsException($"{Folder} was trained with other settings ({string.Join("; ", differences)}): resume with the same options, or choose another folder with --out");
        }

        RowRun? run = summary is null ? null : RowRun.Of(folder, summary, Images);
        return run is { Outcome: RowOutcome.Finished, Accuracy: not null } && run.Epochs == Loaded.Settings.Epochs ? run : null;
    }

    /// <summary>What its training recorded.</summary>
    public RowRun Result()
    {
        RunFolder folder = RunFolder.Read(Folder);
        return ReadSummary(folder) is { } summary ? RowRun.Of(folder, summary, Images) : RowRun.Failure(Seed, Folder, "it left no summary", Images);
    }

    private static RunSummary? ReadSummary(RunFolder folder)
    {
        try
        {
            return File.Exists(folder.Summary) ? RunSummary.FromJson(File.ReadAllText(folder.Summary)) : null;
        }
        catch (JsonException)
        {
            // The end of the training writes it again.
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{folder.Summary} cannot be read: {e.Message}", e);
        }
    }
}
