using System.Globalization;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using NoProp.Host.Images;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Native;

namespace NoProp.Host.Cluster;

/// <summary>Runs in one folder, which all trainers' nodes share. Its file <c>training</c> names the one in training.</summary>
/// <param name="root">The folder.</param>
/// <param name="dataDir">Where this node has the data; null for where the run's settings say, or the usual places.</param>
/// <param name="devices">This node's devices: they are a matter of the machine, whatever the run's settings say.</param>
internal sealed class ClusterRuns(string root, string? dataDir, IReadOnlyList<ComputeDevice> devices) : IRunStore
{
    /// <summary>Name of the file that names the run in training.</summary>
    public const string MarkName = "training";

    private const string Submitted = "the settings of the run";

    private string Mark => Path.Combine(root, MarkName);

    /// <inheritdoc/>
    public StoredRun Begin(string settings, string? name)
    {
        LoadedSettings loaded = Parse(new SettingsFile(Submitted, settings));
        name = Checked(name) ?? $"{RunData.ShortName(loaded.Settings.Data)}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        return Marked(name, OpenRun.Begin(loaded with { Settings = loaded.Settings with { Run = new(PathOf(name)) } }));
    }

    /// <inheritdoc/>
    public StoredRun Resume(IReadOnlyList<string> changes, string? name)
    {
        string path = PathOf(Checked(name) ?? Newest());
        OpenRun run = OpenRun.Resume(path, basis => Parse(basis, path, changes));
        if (run.IsComplete)
        {
            run.Dispose();
            throw new NoPropException($"{Path.GetFileName(path)} is complete after {run.Plan.Settings.Epochs} epochs: give a larger --epochs to train on");
        }

        return Marked(Path.GetFileName(path), run);
    }

    /// <inheritdoc/>
    public StoredRun? TakeOver()
    {
        string? name = File.Exists(Mark) ? File.ReadAllText(Mark).Trim() : null;
        if (string.IsNullOrEmpty(name) || !Directory.Exists(PathOf(name)))
        {
            return null;
        }

        OpenRun run = OpenRun.Resume(PathOf(name), basis => Parse(basis, PathOf(name)));
        return new(name, run.Plan, run.Notes);
    }

    /// <inheritdoc/>
    public void Release() => File.Delete(Mark);

    /// <inheritdoc/>
    public RunPlan Load(string settings, RemoteData? remote)
    {
        TorchRuntime.Load();
        LoadedSettings loaded = Parse(new SettingsFile(Submitted, settings));
        return remote is null ? RunPlan.Create(loaded, RunData.Load(loaded.Settings.Data)) : RunPlan.CreateForWorker(loaded, remote);
    }

    private LoadedSettings Parse(SettingsFile file, string? path = null, IReadOnlyList<string>? changes = null)
    {
        List<SettingsFlag> flags = [new("noprop.devices", string.Join(',', devices), "--devices")];
        if (path is not null)
        {
            flags.Add(new("noprop.run.out", path, "--out"));
        }

        if (dataDir is not null)
        {
            flags.Add(new("noprop.data.dir", dataDir, "--data-dir"));
        }

        return SettingsLoader.Load(file, changes, flags, policyFault: SettingsOptions.PolicyFault);
    }

    // The folder of a run is there before it is marked: a trainer that dies in between leaves a run that can be resumed by name.
    private StoredRun Marked(string name, OpenRun run)
    {
        TorchRuntime.Load();
        AtomicFile.Write(Mark, name + "\n");
        return new(name, run.Plan, run.Notes);
    }

    private string PathOf(string name) => Path.Combine(root, name);

    private static string? Checked(string? name) => name is null || (name == Path.GetFileName(name) && name is not ("" or "." or "..") && !name.Contains('\\'))
        ? name
        : throw new NoPropException($"'{name}' cannot be the name of a run on a cluster: it is the name of a folder among the trainers' runs, without a path");

    private string Newest() => (Directory.Exists(root) ? new DirectoryInfo(root).GetDirectories() : [])
        .Where(folder => File.Exists(Path.Combine(folder.FullName, "run.conf")))
        .OrderByDescending(folder => folder.LastWriteTimeUtc)
        .FirstOrDefault()?.Name ?? throw new NoPropException($"there is no run in {root} to go on with");
}
