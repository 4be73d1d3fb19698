using System.Globalization;
using System.Text.Json;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Actors.Training;
using NoProp.Host.Images;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using TorchSharp;

namespace NoProp.Host.Commands;

/// <summary>A run that is ready to train: its folder is claimed, its data loaded, and its newest whole checkpoint read.</summary>
internal sealed class OpenRun : IDisposable
{
    private const string RunsFolder = "runs";

    private OpenRun(RunPlan plan, IReadOnlyList<string> notes)
    {
        Plan = plan;
        Notes = notes;
    }

    /// <summary>What will run.</summary>
    public RunPlan Plan { get; }

    /// <summary>What the user should know first.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Whether nothing is left to train or to test.</summary>
    public bool IsComplete =>
        Plan.Resume is { } checkpoint && checkpoint.Step >= Plan.TotalSteps && ReadSummary() is { TestAccuracy: not null } summary && summary.BlockSteps == checkpoint.Step;

    /// <summary>A new run.</summary>
    /// <exception cref="NoPropException">The data cannot be read, or the folder cannot be made.</exception>
    public static OpenRun Begin(LoadedSettings loaded)
    {
        RunPlan plan = LoadData(loaded);
        try
        {
            RunFolder folder = RunFolder.Create(loaded.Settings.Run.Out ?? NewName(loaded.Settings), SettingsHocon.ToHocon(loaded.Settings));
            return new OpenRun(plan with { Folder = folder }, [.. NotesOn(loaded.Settings)]);
        }
        catch
        {
            plan.Dataset.Dispose();
            throw;
        }
    }

    /// <summary>A run that was stopped or killed.</summary>
    /// <param name="path">Its folder; null for the newest unfinished one.</param>
    /// <param name="load">The settings asked for, on the basis of the run's own.</param>
    /// <exception cref="SettingsException">Settings that determine the weights differ from the run's.</exception>
    /// <exception cref="NoPropException">There is no such run, its checkpoints are all damaged, or its data cannot be read.</exception>
    public static OpenRun Resume(string? path, Func<SettingsFile, LoadedSettings> load)
    {
        path ??= NewestUnfinished();
        RunFolder folder = RunFolder.Continue(path);
        try
        {
            SettingsFile saved = SettingsOptions.Read(folder.Settings);
            LoadedSettings asked = load(saved);
            IReadOnlyList<string> differences = SettingsHocon.DifferencesThatMatter(SettingsLoader.Load(saved).Settings, asked.Settings);
            if (differences.Count > 0)
            {
                throw new SettingsException($"{path} is a run of other settings ({string.Join("; ", differences)}): leave them out to resume it, or begin another run with --out");
            }

            (Checkpoint? checkpoint, IReadOnlyList<string> problems) = folder.Checkpoints.LoadNewestWhole();
            if (checkpoint is null && problems.Count > 0)
            {
                throw new NoPropException($"{path} has no whole checkpoint to resume from: {string.Join("; ", problems)}");
            }

            RunPlan plan = LoadData(asked) with { Folder = folder, Resume = checkpoint };
            AtomicFile.Write(folder.Settings, SettingsHocon.ToHocon(asked.Settings));
            string from = checkpoint is null ? "this run has no checkpoint yet: it begins anew" : $"goes on from the checkpoint of {checkpoint.Step} block steps";
            OpenRun run = new(plan, [.. problems, from, .. NotesOn(asked.Settings)]);
            if (run.IsComplete)
            {
                return run;
            }

            RewindMetrics(plan);
            IReadOnlyList<string> aside = folder.Checkpoints.SetAside(checkpoint?.Step ?? 0);
            return aside.Count == 0 ? run : new(plan, [.. run.Notes, $"set aside, because the run makes these steps anew: {string.Join(", ", aside)}"]);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>One line that says what is trained on what.</summary>
    public string Summary()
    {
        (Dataset data, NoPropSettings settings) = (Plan.Dataset, Plan.Settings);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{data.Name}, {data.Train.Count} + {data.Test.Count} images {data.Shape}; {Word(settings.Training.Method)}, {settings.Training.Embedding.Name}, {settings.Training.Blocks} {Word(settings.Training.Network.Kind)} {(settings.Training.Blocks == 1 ? "network" : "blocks")}{(Plan.Replicas > 1 ? $" of {Plan.Replicas} replicas" : "")}{InPrecision(settings.Training.Network.Precision)}; {settings.Policies.Blocks}, {Slots(settings)}, {settings.Epochs} epochs of {Plan.BlockStepsPerEpoch} steps");
    }

    private static string InPrecision(Precision precision) => precision == Precision.Float32 ? "" : $" in {Word(precision)}";

    private static string Slots(NoPropSettings settings) =>
        settings.DeviceSlots is { Devices: [var only] } && only == ComputeDevice.Cpu ? $"{settings.SlotCount} slots" : $"{settings.SlotCount} slots on {settings.DeviceSlots}";

    private static IEnumerable<string> NotesOn(NoPropSettings settings)
    {
        if (settings.Training.Network.Precision == Precision.Tf32 && settings.Devices.All(device => device.Type == DeviceType.CPU))
        {
            yield return "noprop.precision = tf32 changes nothing here: it is for GPUs, and on a CPU the same as float32";
        }
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public void Dispose()
    {
        Plan.Folder?.Dispose();
        Plan.Dataset.Dispose();
    }

    private static RunPlan LoadData(LoadedSettings loaded)
    {
        DataSettings data = loaded.Settings.Data;
        RunPlan plan = RunPlan.Create(loaded, RunData.Load(data));
        try
        {
            // A network that does not fit the images is found here, before anything is written.
            plan.Method.CreateBlock(new BlockId(1), from: null).Dispose();
            plan.CheckPolicies();
            return plan;
        }
        catch
        {
            plan.Dataset.Dispose();
            throw;
        }
    }

    /// <summary>The result so far; null where there is none, or none that can be read: the end of the run writes it again.</summary>
    private RunSummary? ReadSummary()
    {
        try
        {
            return File.Exists(Plan.Folder!.Summary) ? RunSummary.FromJson(File.ReadAllText(Plan.Folder.Summary)) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string NewName(NoPropSettings settings)
    {
        string name = Path.Combine(RunsFolder, $"{RunData.ShortName(settings.Data)}-{DateTime.Now:yyyyMMdd-HHmmss}");
        return Directory.Exists(name) ? $"{name}-{Environment.ProcessId}" : name;
    }

    private static string NewestUnfinished()
    {
        IEnumerable<string> runs = Directory.Exists(RunsFolder) ? Directory.EnumerateFiles(RunsFolder, "run.conf", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }) : [];
        return runs
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .Select(file => Path.GetDirectoryName(file)!)
            .FirstOrDefault(folder => !File.Exists(Path.Combine(folder, "summary.json")) || !File.ReadAllText(Path.Combine(folder, "summary.json")).Contains("\"completed\"", StringComparison.Ordinal))
            ?? throw new NoPropException($"there is no unfinished run in {RunsFolder}/: name one with --out");
    }

    /// <summary>Drops what this session will record again.</summary>
    private static void RewindMetrics(RunPlan plan)
    {
        Dictionary<string, long> clocks = plan.Resume?.Snapshots.ToDictionary(snapshot => snapshot.Name, snapshot => snapshot.Clock) ?? [];
        long Clock(string name) => clocks.GetValueOrDefault(name);
        string Name(int block, int? replica) =>
            (replica is { } r ? new BlockId((block - 1) * plan.Replicas + r) { Replicas = plan.Replicas } : new BlockId(block)).FileName;
        long tested = TrainerActor.CountOf(plan.Resume, TrainerActor.TestedKey);
        long fence = TrainerActor.CountOf(plan.Resume, TrainerActor.FenceKey);
        // The last epoch's test is made again by a run that has nothing else left to do.
        tested = tested >= plan.Settings.Epochs ? tested - 1 : tested;
        MetricsLog.Rewind(plan.Folder!.Metrics, record => record["type"]?.GetValue<string>() switch
        {
            "steps" => record["clock"]!.GetValue<long>() <= Clock(Name(record["block"]!.GetValue<int>(), record["replica"]?.GetValue<int>())),
            "head" => record["clock"]!.GetValue<long>() <= Clock("head"),
            "probe" => record["step"]!.GetValue<long>() < Clock(new BlockId(record["block"]!.GetValue<int>()).FileName),
            "throughput" => record["steps"]!.GetValue<long>() <= (plan.Resume?.Step ?? 0),
            "epoch" => record["epoch"]!.GetValue<long>() <= tested,
            "policies" => record["fence"]!.GetValue<long>() <= fence,
            "checkpoint" => record["step"]!.GetValue<long>() <= (plan.Resume?.Step ?? 0),
            _ => true,
        });
    }
}
