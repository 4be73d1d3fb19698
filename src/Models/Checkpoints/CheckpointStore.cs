using System.Globalization;

namespace NoProp.Models.Checkpoints;

/// <summary>
/// The checkpoints of one run: <c>checkpoints/0000000640/</c> holds one <c>.safetensors</c> file for each snapshot and
/// <c>manifest.json</c>. A folder gets its number by a rename when everything in it is on the disk, and loses it by a rename before
/// anything in it is deleted, so a folder with a number is complete whenever the process is killed.
/// </summary>
/// <param name="runFolder">The run's folder; made by the first save where it does not exist.</param>
/// <param name="time">The clock for the manifest's date; the system's where null.</param>
public sealed class CheckpointStore(string runFolder, TimeProvider? time = null)
{
    private const string FolderName = "checkpoints";
    private const string ManifestName = "manifest.json";
    private const string TemporaryPrefix = ".tmp-";
    private const string AsideSuffix = ".set-aside";
    private const long MaxManifestLength = 64 << 20;

    private readonly string folder = Path.Combine(runFolder, FolderName);
    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <summary>
    /// Saves a checkpoint. Where the same one is there already and whole, nothing is written; a damaged or different one of the same step
    /// is replaced. What killed processes left half-done is removed. One process at a time saves to a run.
    /// </summary>
    /// <exception cref="NoPropException">
    /// The disk is full, the folder is read-only..., or a snapshot is not a safetensors file; the earlier checkpoints are untouched.
    /// </exception>
    /// <exception cref="ArgumentException">The step is negative, or a snapshot's name is repeated or cannot be a file name.</exception>
    public void Save(Checkpoint checkpoint)
    {
        CheckpointManifest manifest = CheckpointManifest.Of(checkpoint, time.GetUtcNow());
        foreach (Snapshot snapshot in checkpoint.Snapshots)
        {
            SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name);
        }

        string final = Path.Combine(folder, Number(checkpoint.Step));
        string made = TemporaryFolder();
        try
        {
            Directory.CreateDirectory(folder);
            foreach (string leftover in Directory.GetDirectories(folder, TemporaryPrefix + "*"))
            {
                Remove(leftover);
            }

            if (!Holds(manifest))
            {
                Directory.CreateDirectory(made);
                foreach (Snapshot snapshot in checkpoint.Snapshots)
                {
                    AtomicFile.WriteThrough(Path.Combine(made, FileName(snapshot.Name)), snapshot.Safetensors.Span);
                }

                AtomicFile.WriteThrough(Path.Combine(made, ManifestName), manifest.ToBytes());
                PutInPlace(made, final);
            }
        }
        catch (Exception e)
        {
            TryRemove(made);
            if (WriteFailure.IsExpected(e))
            {
                throw WriteFailure.Of("save checkpoint", final, e);
            }

            throw;
        }
    }

    /// <summary>The steps that have a checkpoint, whole or damaged, in ascending order; none where the folder does not exist.</summary>
    /// <exception cref="NoPropException">The folder cannot be read.</exception>
    public IReadOnlyList<long> Steps()
    {
        try
        {
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateDirectories(folder).Select(path => StepOf(Path.GetFileName(path))).OfType<long>().Order()]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"cannot list {folder}: {e.Message.ReplaceLineEndings(" ")}; check who may read it", e);
        }
    }

    /// <summary>Reads a checkpoint, checking every file's presence, length, SHA-256 and format.</summary>
    /// <exception cref="NoPropException">A file is missing or damaged; the message names it, relative to the run's folder.</exception>
    public Checkpoint Load(long step)
    {
        CheckpointManifest manifest = ReadManifest(step);
        List<Snapshot> snapshots = new(manifest.Files.Count);
        foreach (CheckpointFile file in manifest.Files)
        {
            byte[] bytes = ReadData(step, file);
            SafetensorsFile.Parse(bytes, RelativePath(step, FileName(file.Name)));
            snapshots.Add(new Snapshot(file.Name, file.Clock, bytes));
        }

        return new Checkpoint(step, snapshots, manifest.State);
    }

    /// <summary>Reads the newest checkpoint that is whole.</summary>
    /// <returns>The checkpoint, or null where none is whole, and one line for each newer one that had to be skipped, newest first.</returns>
    /// <exception cref="NoPropException">The folder cannot be read.</exception>
    public (Checkpoint? Checkpoint, IReadOnlyList<string> Problems) LoadNewestWhole()
    {
        List<string> problems = [];
        foreach (long step in Steps().Reverse())
        {
            try
            {
                return (Load(step), problems);
            }
            catch (NoPropException e)
            {
                problems.Add(e.Message);
            }
        }

        return (null, problems);
    }

    /// <summary>Takes what comes after a step out of the row of checkpoints, by renaming it: a run that goes on from there is to make its own.</summary>
    /// <param name="step">Block steps of the checkpoint from which a run goes on.</param>
    /// <returns>The new names, relative to the run's folder.</returns>
    /// <exception cref="NoPropException">A folder cannot be renamed.</exception>
    public IReadOnlyList<string> SetAside(long step)
    {
        List<string> names = [];
        foreach (string path in Steps().Where(later => later > step).Select(later => Path.Combine(folder, Number(later))))
        {
            string name = Enumerable.Range(1, int.MaxValue).Select(n => n == 1 ? $"{path}{AsideSuffix}" : $"{path}{AsideSuffix}-{n}").First(free => !Directory.Exists(free));
            try
            {
                Directory.Move(path, name);
            }
            catch (Exception e) when (WriteFailure.IsExpected(e))
            {
                throw WriteFailure.Of("rename", path, e);
            }

            names.Add($"{FolderName}/{Path.GetFileName(name)}");
        }

        return names;
    }

    /// <summary>Removes all checkpoints but the newest ones, which are not checked for damage.</summary>
    /// <param name="keep">How many to keep, at least 1.</param>
    /// <exception cref="NoPropException">A checkpoint cannot be removed.</exception>
    public void Prune(int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        foreach (string path in Steps().SkipLast(keep).Select(step => Path.Combine(folder, Number(step))))
        {
            try
            {
                Remove(path);
            }
            catch (Exception e) when (WriteFailure.IsExpected(e))
            {
                throw WriteFailure.Of("remove", path, e);
            }
        }
    }

    private static string Number(long step) => step.ToString("D10", CultureInfo.InvariantCulture);

    private static string FileName(string snapshot) => $"{snapshot}.safetensors";

    private static string RelativePath(long step, string file) => $"{FolderName}/{Number(step)}/{file}";

    /// <summary>The step of a numbered folder; null for every other name.</summary>
    private static long? StepOf(string name) =>
        long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long step) && Number(step) == name ? step : null;

    private static NoPropException Damaged(string file, string fault, Exception? inner = null) =>
        new($"{file} {fault}; restore it from a copy or use an earlier checkpoint", inner!);

    private string TemporaryFolder() => Path.Combine(folder, $"{TemporaryPrefix}{Guid.NewGuid():N}");

    /// <summary>Whether the same checkpoint is there and whole.</summary>
    private bool Holds(CheckpointManifest wanted)
    {
        try
        {
            if (!Directory.Exists(Path.Combine(folder, Number(wanted.Step))) || !ReadManifest(wanted.Step).Agrees(wanted))
            {
                return false;
            }

            Load(wanted.Step);
            return true;
        }
        catch (NoPropException)
        {
            return false;
        }
    }

    /// <summary>
    /// Gives a complete folder its number. An earlier holder of the number steps aside first, since no rename replaces a folder that has
    /// files; a kill between the two renames costs this one step.
    /// </summary>
    private void PutInPlace(string made, string final)
    {
        if (!Directory.Exists(final))
        {
            Directory.Move(made, final);
            return;
        }

        string aside = TemporaryFolder();
        Directory.Move(final, aside);
        try
        {
            Directory.Move(made, final);
        }
        catch
        {
            Directory.Move(aside, final);
            throw;
        }

        TryRemove(aside);
    }

    /// <summary>Deletes a folder; renamed first, it is never seen half-deleted under a number.</summary>
    private void Remove(string path)
    {
        string doomed = TemporaryFolder();
        Directory.Move(path, doomed);
        Directory.Delete(doomed, recursive: true);
    }

    /// <summary>Deletes a temporary folder if that can be done now; otherwise the next save does it.</summary>
    private static void TryRemove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (WriteFailure.IsExpected(e))
        {
        }
    }

    private CheckpointManifest ReadManifest(long step)
    {
        string file = RelativePath(step, ManifestName);
        byte[] bytes = Read(file, length => length > MaxManifestLength ? $"is {length} bytes long, too much for a manifest" : null);
        try
        {
            CheckpointManifest manifest = CheckpointManifest.Parse(bytes);
            return manifest.Step == step ? manifest : throw new FormatException($"belongs to step {manifest.Step}: the folder was renamed");
        }
        catch (FormatException e)
        {
            throw Damaged(file, e.Message, e);
        }
    }

    private byte[] ReadData(long step, CheckpointFile expected)
    {
        string file = RelativePath(step, FileName(expected.Name));
        byte[] bytes = Read(file, length => length != expected.Bytes ? $"is {length} bytes long, and the manifest says {expected.Bytes}" : null);
        string found = CheckpointManifest.Hash(bytes);
        return found == expected.Sha256
            ? bytes
            : throw Damaged(file, $"has SHA-256 {found}, and the manifest says {expected.Sha256}: it was altered");
    }

    /// <param name="file">Path relative to the run's folder.</param>
    /// <param name="lengthFault">What is wrong with a length, asked before anything of that length is allocated; null where nothing is.</param>
    private byte[] Read(string file, Func<long, string?> lengthFault)
    {
        string path = Path.Combine(runFolder, file);
        try
        {
            return lengthFault(new FileInfo(path).Length) is { } fault ? throw Damaged(file, fault) : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(file, "is missing", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Damaged(file, $"cannot be read ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }
}
