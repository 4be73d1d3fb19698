using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using NoProp.Models.Data.Sets;

namespace NoProp.Models.Data;

/// <summary>How far a download has come.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="Total">Bytes in all, where the server says so.</param>
public readonly record struct DownloadProgress(string File, long Bytes, long? Total);

/// <summary>Fetches the published data sets: <c>noprop data get</c>.</summary>
[SuppressMessage("Security", "CA5351", Justification = "MD5 is what the authors published; it is to find damage, not forgery.")]
public static class DataDownload
{
    // A multiple of the largest file, so that a server gone wrong cannot fill the disk.
    private const long MaxBytes = 256L << 20;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>The names that can be fetched.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. DataCatalog.Sets.Where(set => set.Published is not null).Select(set => set.Name)];

    /// <summary>
    /// Downloads the files of a data set. A file appears under its name only when it is whole and its checksum is right, and one that
    /// is there already and right is left alone, so an interrupted download is resumed by calling this again.
    /// </summary>
    /// <param name="http">The client; its timeout covers the time until a server answers.</param>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">Where to put the files; created where it does not exist.</param>
    /// <param name="progress">Told of every chunk received; may be null.</param>
    /// <param name="source">Address of the folder to fetch from instead of the published one; ends in a slash.</param>
    /// <param name="cancellation">Ends the download; files already whole stay.</param>
    /// <returns>Names of the files that were downloaded, without those that were there already.</returns>
    /// <exception cref="NoPropException">
    /// The name is unknown, the source is out of reach, a file arrives damaged, or the folder cannot be written.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static async Task<IReadOnlyList<string>> GetAsync(
        HttpClient http,
        string name,
        string folder,
        IProgress<DownloadProgress>? progress = null,
        Uri? source = null,
        CancellationToken cancellation = default)
    {
        if (name == Digits.Name)
        {
            throw new NoPropException($"{name} is part of the program: nothing needs to be fetched, use it with `--data {name}`");
        }

        IDataSet set = DataCatalog.Named(name);
        PublishedSet published = set.Published ?? throw new NoPropException(
            $"{name} cannot be downloaded, because nobody publishes a checksum for it: {set.HowToGet(Path.GetFullPath(folder))}");
        return await GetAsync(http, published, folder, progress, source, cancellation);
    }

    internal static async Task<IReadOnlyList<string>> GetAsync(
        HttpClient http,
        PublishedSet set,
        string folder,
        IProgress<DownloadProgress>? progress,
        Uri? source,
        CancellationToken cancellation)
    {
        List<string> fetched = [];
        folder = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (PublishedFile file in set.Files)
            {
                string target = Path.Combine(folder, $"{file.Name}.gz");
                if (!File.Exists(target) || !await MatchesAsync(target, file, cancellation))
                {
                    Uri address = new(source ?? set.Source, $"{file.Name}.gz");
                    await FetchAsync(new Job(http, set, file, address, target, progress), cancellation);
                    fetched.Add(Path.GetFileName(target));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"cannot write to {folder}: {e.Message.TrimEnd('.')}; free some space or name another folder", e);
        }

        return fetched;
    }

    private static async Task FetchAsync(Job job, CancellationToken cancellation)
    {
        // Beside its target, so that the rename stays on one disk. The name is fixed: what a killed download left is overwritten.
        string part = $"{job.Target}.part";
        FileStream file = new(part, FileMode.Create, FileAccess.Write, FileShare.None);
        try
        {
            await using (file)
            {
                await ReceiveAsync(job, file, cancellation);
                file.Flush(flushToDisk: true);
            }

            if (!await MatchesAsync(part, job.File, cancellation))
            {
                throw new NoPropException(
                    $"{job.Address} is not the published file: expected MD5 {job.File.GzipMd5}, "
                    + $"found {await Md5Async(part, cancellation)}; try again, or {job.ByHand}");
            }

            File.Move(part, job.Target, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private static async Task ReceiveAsync(Job job, FileStream file, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        long received = 0;
        try
        {
            using HttpResponseMessage response =
                await job.Http.GetAsync(job.Address, HttpCompletionOption.ResponseHeadersRead, cancellation);
            response.EnsureSuccessStatusCode();
            long? total = response.Content.Headers.ContentLength;
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            byte[] buffer = new byte[1 << 16];
            while (true)
            {
                // HttpClient's own timeout ends with the headers: a body may stall for ever.
                patience.CancelAfter(Silence);
                int read = await body.ReadAsync(buffer, patience.Token);
                if (read == 0)
                {
                    break;
                }

                received += read;
                if (received > MaxBytes)
                {
                    throw new NoPropException($"{job.Address} is not the published file: more than {MaxBytes} bytes; {job.ByHand}");
                }

                await WriteAsync(file, buffer.AsMemory(0, read), cancellation);
                job.Progress?.Report(new DownloadProgress(Path.GetFileName(job.Target), received, total));
            }
        }
        catch (Exception e) when (e is HttpRequestException or (IOException and not DiskException))
        {
            throw Unreachable(job, received, Reason(e), e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Unreachable(job, received, "the server is silent", e);
        }
    }

    // Both ends of the copy throw IOException; what is to be done about a full disk is not what is to be done about a lost network.
    private static async Task WriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await file.WriteAsync(bytes, cancellation);
        }
        catch (IOException e)
        {
            throw new DiskException(e.Message, e);
        }
    }

    private static NoPropException Unreachable(Job job, long received, string reason, Exception cause)
    {
        string after = received == 0 ? "" : $" after {received} bytes";
        return new NoPropException(
            $"cannot download {job.Address}: {reason}{after}; check the network and try again, or {job.ByHand}", cause);
    }

    private static string Reason(Exception e) =>
        (e is HttpRequestException { InnerException: { } inner } ? inner.Message : e.Message).ReplaceLineEndings(" ").TrimEnd('.');

    private static async Task<bool> MatchesAsync(string path, PublishedFile file, CancellationToken cancellation)
    {
        if (await Md5Async(path, cancellation) == file.GzipMd5)
        {
            return true;
        }

        if (file.RawMd5 is null)
        {
            return false;
        }

        try
        {
            await using GZipStream content = new(File.OpenRead(path), CompressionMode.Decompress);
            return Convert.ToHexStringLower(await MD5.HashDataAsync(content, cancellation)) == file.RawMd5;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static async Task<string> Md5Async(string path, CancellationToken cancellation)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(await MD5.HashDataAsync(file, cancellation));
    }

    private sealed record Job(
        HttpClient Http, PublishedSet Set, PublishedFile File, Uri Address, string Target, IProgress<DownloadProgress>? Progress)
    {
        public string ByHand =>
            $"put {string.Join(", ", Set.Files.Select(file => $"{file.Name}.gz"))} into {Path.GetDirectoryName(Target)}, "
            + $"or into any folder that you name with --data-dir{Set.DebianHint}";
    }

    private sealed class DiskException(string message, Exception inner) : IOException(message, inner);
}
