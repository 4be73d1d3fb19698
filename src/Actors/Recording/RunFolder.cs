using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Recording;

/// <summary>The files of one run. Whoever has it open for writing holds its lock.</summary>
public sealed class RunFolder : IDisposable
{
    private readonly FileStream? claim;

    private RunFolder(string path, FileStream? claim)
    {
        Path = path;
        this.claim = claim;
        Checkpoints = new CheckpointStore(path);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Saved states.</summary>
    public CheckpointStore Checkpoints { get; }

    /// <summary>Every effective setting: <c>run.conf</c>.</summary>
    public string Settings => File("run.conf");

    /// <summary>What was measured, a JSON object a line: <c>metrics.jsonl</c>.</summary>
    public string Metrics => File("metrics.jsonl");

    /// <summary>TensorBoard's event files: <c>tensorboard/</c>.</summary>
    public string TensorBoard => File("tensorboard");

    /// <summary>How to reach the process that trains the run: <c>control.json</c>, while there is one.</summary>
    public string Control => File("control.json");

    /// <summary>In which order shared parameters were moved: <c>replay.log</c>; where blocks share none, there is none.</summary>
    public string ReplayLog => File("replay.log");

    /// <summary>The result: <c>summary.json</c>.</summary>
    public string Summary => File("summary.json");

    /// <summary>Loss per block and accuracy over steps: <c>curves.png</c>.</summary>
    public string Curves => File("curves.png");

    /// <summary>Makes the folder of a new run.</summary>
    /// <param name="path">A folder that does not exist or is empty.</param>
    /// <param name="settings">Text of <c>run.conf</c>.</param>
    /// <exception cref="NoPropException">It holds something already, cannot be written, or another process has it.</exception>
    public static RunFolder Create(string path, string settings)
    {
        RequireFree(path);
        RunFolder folder = Claim(path);
        try
        {
            AtomicFile.Write(folder.Settings, settings);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Opens the folder of a run to continue it.</summary>
    /// <exception cref="NoPropException">It is no run folder, cannot be written, or another process has it.</exception>
    public static RunFolder Continue(string path)
    {
        RequireRun(path);
        return Claim(path);
    }

    /// <summary>Opens the folder of a run to read it; it may be in training meanwhile.</summary>
    /// <exception cref="NoPropException">It is no run folder.</exception>
    public static RunFolder Read(string path)
    {
        RequireRun(path);
        return new RunFolder(path, claim: null);
    }

    /// <summary>Requires that a new run can have this folder.</summary>
    /// <exception cref="NoPropException">It holds something already.</exception>
    public static void RequireFree(string path)
    {
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(entry => !IsOfBeginning(System.IO.Path.GetFileName(entry))))
        {
            throw new NoPropException(
                System.IO.File.Exists(System.IO.Path.Combine(path, "run.conf"))
                    ? $"{path} holds a run already: continue it with --resume, or choose another folder with --out"
                    : $"{path} is not empty and is no run folder: choose another folder with --out");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => claim?.Dispose();

    private static void RequireRun(string path)
    {
        if (!System.IO.File.Exists(System.IO.Path.Combine(path, "run.conf")))
        {
            throw new NoPropException($"{path} is no run folder: it has no run.conf");
        }
    }

    // The operating system gives the lock back when the process ends, however it ends.
    private static RunFolder Claim(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            return new RunFolder(path, new FileStream(System.IO.Path.Combine(path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && System.IO.File.Exists(System.IO.Path.Combine(path, ".lock")))
        {
            throw new NoPropException($"{path} cannot be opened for writing: another process trains this run, or the disk is full or read-only ({e.Message})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the run folder {path} cannot be made: {e.Message}", e);
        }
    }

    // What a process leaves that dies before there is a run.
    private static bool IsOfBeginning(string name) =>
        name == ".lock" || (name.StartsWith("run.conf.", StringComparison.Ordinal) && name.EndsWith(".tmp", StringComparison.Ordinal));

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
