using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Runs on a few digits in a folder that the nodes of a test share.</summary>
internal sealed class TestRunStore(string root) : IRunStore
{
    private string Mark => Path.Combine(root, "training");

    public RunQueue Queue { get; } = new(Path.Combine(root, "training.queue"));

    public string? Marked => File.Exists(Mark) ? File.ReadAllText(Mark) : null;

    public string Check(string? settings, string? name) => settings is not null && Directory.Exists(Path.Combine(root, name!))
        ? throw new NoPropException($"{name} holds a run already")
        : name!;

    public StoredRun Begin(string settings, string? name)
    {
        if (Marked == name && Directory.Exists(Path.Combine(root, name!)))
        {
            return TakeOver()!;
        }

        RunPlan plan = Load(settings);
        File.WriteAllText(Mark, name);
        return new(name!, plan with { Folder = RunFolder.Create(Path.Combine(root, name!), SettingsHocon.ToHocon(plan.Settings)) }, []);
    }

    public StoredRun Resume(IReadOnlyList<string> changes, string? name)
    {
        File.WriteAllText(Mark, name);
        return TakeOver()!;
    }

    public StoredRun? TakeOver()
    {
        if (!File.Exists(Mark))
        {
            return null;
        }

        string name = File.ReadAllText(Mark);
        RunFolder folder = RunFolder.Continue(Path.Combine(root, name));
        Checkpoint? newest = folder.Checkpoints.LoadNewestWhole().Checkpoint;
        return new(name, Load(File.ReadAllText(folder.Settings)) with { Folder = folder, Resume = newest }, []);
    }

    public void Release() => File.Delete(Mark);

    public RunPlan Load(string settings, RemoteData? remote = null)
    {
        TorchRuntime.Load();
        LoadedSettings loaded = SettingsLoader.Load(new SettingsFile("test", settings));
        return remote is null ? RunPlan.Create(loaded, Digits.Load(300)) : RunPlan.CreateForWorker(loaded, remote);
    }
}
