using System.IO.Compression;

namespace NoProp.Models.Data.Files;

/// <summary>
/// The files in a folder or a zip archive, by their paths in it, which have slashes. Lists are in ordinal order, so that they are the same
/// on every disk. Files may be read by several threads at once.
/// </summary>
internal abstract class FileTree : IDisposable
{
    private const int MostBytes = 1 << 28;

    /// <summary>Opens a folder, or a zip archive from its topmost folder that holds a file of the given name.</summary>
    /// <param name="path">Folder or archive.</param>
    /// <param name="topmost">Name of a file in the archive's folder that shall be the root.</param>
    /// <exception cref="NoPropException">The archive cannot be read, is damaged, or has no such file.</exception>
    public static FileTree Open(string path, string topmost) => Directory.Exists(path) ? new Folder(path) : Zip.From(path, topmost);

    /// <summary>Names of the files in a folder; none where there is no such folder.</summary>
    public abstract IReadOnlyList<string> Files(string folder);

    /// <summary>A file's contents.</summary>
    /// <exception cref="NoPropException">It is not there, cannot be read or is damaged.</exception>
    public byte[] Read(string file)
    {
        try
        {
            return ReadBytes(file)
                ?? throw new NoPropException($"{Describe(file)}: expected at most {MostBytes} bytes, found more; take the file away");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NoPropException($"{Describe(file)}: expected a file, found nothing; replace the data with a complete copy", e);
        }
        catch (InvalidDataException e)
        {
            throw new NoPropException($"{Describe(file)}: found damage ({e.Message.TrimEnd('.')}); replace the archive with a good copy", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{Describe(file)}: expected a readable file, found {e.Message.TrimEnd('.')}; check its permissions", e);
        }
    }

    /// <summary>A text file's lines, without empty ones.</summary>
    /// <exception cref="NoPropException">It is not there or cannot be read.</exception>
    public IReadOnlyList<string> ReadLines(string file) => TextLines.Of(Read(file));

    /// <summary>What messages call a file.</summary>
    public abstract string Describe(string file);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what is open.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>A file's contents; null where it is too long.</summary>
    protected abstract byte[]? ReadBytes(string file);

    private sealed class Folder(string path) : FileTree
    {
        public override IReadOnlyList<string> Files(string folder)
        {
            string full = Describe(folder);
            return Directory.Exists(full)
                ? [.. new DirectoryInfo(full).EnumerateFiles().Select(file => file.Name).Order(StringComparer.Ordinal)]
                : [];
        }

        public override string Describe(string file) => Path.Combine(path, file);

        protected override byte[]? ReadBytes(string file)
        {
            using FileStream stream = File.OpenRead(Describe(file));
            return BoundedRead.ToEnd(stream, stream.Length, MostBytes);
        }
    }

    private sealed class Zip : FileTree
    {
        private readonly string path;
        private readonly ZipArchive archive;
        private readonly Dictionary<string, ZipArchiveEntry> entries;
        private readonly ILookup<string, string> folders;

        private Zip(string path, ZipArchive archive, string root)
        {
            (this.path, this.archive) = (path, archive);
            entries = archive.Entries
                .Where(entry => entry.FullName.StartsWith(root, StringComparison.Ordinal) && entry.Name.Length > 0)
                .GroupBy(entry => entry.FullName[root.Length..])
                .ToDictionary(group => group.Key, group => group.First());
            folders = entries.Keys.Order(StringComparer.Ordinal).ToLookup(name => name[..Math.Max(0, name.LastIndexOf('/'))], Path.GetFileName)!;
        }

        public static Zip From(string path, string topmost)
        {
            ZipArchive? archive = null;
            try
            {
                archive = ZipFile.OpenRead(path);
                string root = archive.Entries
                    .Where(entry => entry.Name == topmost)
                    .Select(entry => entry.FullName[..^topmost.Length])
                    .MinBy(name => name.Length)
                    ?? throw new NoPropException($"{path}: expected {topmost} in it, found none; replace it with a complete copy");
                return new Zip(path, archive, root);
            }
            catch (Exception e)
            {
                archive?.Dispose();
                throw e switch
                {
                    NoPropException => e,
                    InvalidDataException => new NoPropException(
                        $"{path}: expected a zip archive, found damage ({e.Message.TrimEnd('.')}); replace it with a good copy", e),
                    _ => new NoPropException($"{path}: expected a readable file, found {e.Message.TrimEnd('.')}; check its permissions", e),
                };
            }
        }

        public override IReadOnlyList<string> Files(string folder) => [.. folders[folder]];

        public override string Describe(string file) => $"{file} in {path}";

        protected override void Dispose(bool disposing)
        {
            archive.Dispose();
            base.Dispose(disposing);
        }

        protected override byte[]? ReadBytes(string file)
        {
            if (!entries.TryGetValue(file, out ZipArchiveEntry? entry))
            {
                throw new FileNotFoundException(file);
            }

            // An archive has one position that all its readers share.
            lock (archive)
            {
                using Stream stream = entry.Open();
                return BoundedRead.ToEnd(stream, entry.Length, MostBytes);
            }
        }
    }
}
