using System.Globalization;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Host.Commands;
using NoProp.Host.Images;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Native;

namespace NoProp.Host.Cluster;

/// <summary>Runs in one folder, which all trainers' nodes share. Its file <c>training</c> names the one in training, its folder <c>training.queue</c> has those that wait.</summary>
/// <param name="root">The folder.</param>
/// <param name="dataDir">Where this node has the data; null for where the run's settings say, or the usual places.</param>
/// <param name="devices">This node's devices: they are a matter of the machine, whatever the run's settings say.</param>
/// <param name="policies">Folder whose files runs may name as their policies; null for none.</param>
internal sealed class ClusterRuns(string root, string? dataDir, IReadOnlyList<ComputeDevice> devices, string? policies = null) : IRunStore
{
    /// <summary>Name of the file that names the run in training.</summary>
    public const string MarkName = "training";

    private const string QueueName = MarkName + ".queue";
    private const string Submitted = "the settings of the run";

    /// <inheritdoc/>
    public RunQueue Queue { get; } = new(Path.Combine(root, QueueName));

    /// <inheritdoc/>
    public string? Marked
    {
        get
        {
            try
            {
                return File.Exists(Mark) && File.ReadAllText(Mark).Trim() is { Length: > 0 } name ? name : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new NoPropException($"{Mark} cannot be read: {e.Message}", e);
            }
        }
    }

    private string Mark => Path.Combine(root, MarkName);

    /// <inheritdoc/>
    public string Check(string? settings, string? name)
    {
        if (settings is null)
        {
            string known = Checked(name) ?? Newest();
            return IsRun(known) ? known : throw new NoPropException($"there is no run {known} in {root} to go on with");
        }

        LoadedSettings loaded = Parse(new SettingsFile(Submitted, settings));
        string wanted = Checked(name) ?? NewName(loaded.Settings);
        RunFolder.RequireFree(PathOf(wanted));
        return wanted;
    }

    /// <inheritdoc/>
    public StoredRun Begin(string settings, string? name)
    {
        LoadedSettings loaded = Parse(new SettingsFile(Submitted, settings));
        name = Checked(name) ?? NewName(loaded.Settings);
        return Marked == name && IsRun(name)
            ? TakeOver()!
            : Open(name, () => OpenRun.Begin(loaded with { Settings = loaded.Settings with { Run = new(PathOf(name)) } }));
    }

    /// <inheritdoc/>
    public StoredRun Resume(IReadOnlyList<string> changes, string? name)
    {
        name = Checked(name) ?? Newest();
        string path = PathOf(name);
        return Open(name, () =>
        {
            OpenRun run = OpenRun.Resume(path, basis => Parse(basis, path, changes));
            if (run.IsComplete)
            {
                run.Dispose();
                throw new NoPropException($"{name} is complete after {run.Plan.Settings.Epochs} epochs: give a larger --epochs to train on");
            }

            return run;
        });
    }

    /// <inheritdoc/>
    public StoredRun? TakeOver()
    {
        if (Marked is not { } name || !IsRun(name))
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
        // A worker does not decide: it loads no policies.
        LoadedSettings loaded = Parse(new SettingsFile(Submitted, settings), fault: _ => null);
        return remote is null ? RunPlan.Create(loaded, RunData.Load(loaded.Settings.Data)) : RunPlan.CreateForWorker(loaded, remote);
    }

    private LoadedSettings Parse(SettingsFile file, string? path = null, IReadOnlyList<string>? changes = null, Func<PolicySettings, string?>? fault = null)
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

        return SettingsLoader.Load(file, changes, flags, policyFault: fault ?? new SubmittedPolicies(policies).Fault);
    }

    // Marked first: a trainer that dies in between leaves a run that the next one finds, either by its folder or in the queue.
    private StoredRun Open(string name, Func<OpenRun> open)
    {
        string? before = Marked;
        Directory.CreateDirectory(root);
        AtomicFile.Write(Mark, name + "\n");
        try
        {
            OpenRun run = open();
            TorchRuntime.Load();
            return new(name, run.Plan, run.Notes);
        }
        catch when (before != name)
        {
            Release();
            throw;
        }
    }

    // Of two runs in one second the other one gets a number.
    private string NewName(NoPropSettings settings)
    {
        string name = $"{RunData.ShortName(settings.Data)}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        HashSet<string> waiting = [.. Queue.Read().Select(run => run.Name)];
        return Enumerable.Range(1, int.MaxValue).Select(n => n == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{n}"))
            .First(free => !waiting.Contains(free) && !Directory.Exists(PathOf(free)));
    }

    private bool IsRun(string name) => File.Exists(Path.Combine(PathOf(name), "run.conf"));

    private string PathOf(string name) => Path.Combine(root, name);

    private static string? Checked(string? name) => name is null || (name == Path.GetFileName(name) && name is not ("" or "." or ".." or MarkName or QueueName) && !name.Contains('\\'))
        ? name
        : throw new NoPropException($"'{name}' cannot be the name of a run on a cluster: it is the name of a folder among the trainers' runs, without a path");

    private string Newest() => (Directory.Exists(root) ? new DirectoryInfo(root).GetDirectories() : [])
        .Where(folder => File.Exists(Path.Combine(folder.FullName, "run.conf")))
        .OrderByDescending(folder => folder.LastWriteTimeUtc)
        .FirstOrDefault()?.Name ?? throw new NoPropException($"there is no run in {root} to go on with");
}
