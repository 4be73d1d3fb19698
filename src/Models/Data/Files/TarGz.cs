using System.Formats.Tar;
using System.IO.Compression;

namespace NoProp.Models.Data.Files;

/// <summary>Reads files out of a <c>.tar.gz</c> archive. Nothing is unpacked to disk.</summary>
internal static class TarGz
{
    /// <summary>Files by their names without folders; those that the archive lacks are not in the result.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="names">Names of the files wanted.</param>
    /// <param name="mostBytes">Bound on the length of each file.</param>
    /// <param name="remedy">What to do about a bad archive, to end a sentence.</param>
    /// <exception cref="NoPropException">The archive cannot be read, is damaged, or holds a file that is too long.</exception>
    public static IReadOnlyDictionary<string, byte[]> Read(string path, IReadOnlyList<string> names, int mostBytes, string remedy)
    {
        Dictionary<string, byte[]> files = [];
        try
        {
            using FileStream file = File.OpenRead(path);
            uint length = Gzip.LengthBeforeCompression(file);
            using CountingStream content = new(new GZipStream(file, CompressionMode.Decompress));
            using TarReader tar = new(content, leaveOpen: true);
            while (tar.GetNextEntry() is { } entry)
            {
                string name = Path.GetFileName(entry.Name);
                if (names.Contains(name) && entry.DataStream is { } data)
                {
                    files[name] = BoundedRead.ToEnd(data, entry.Length, mostBytes)
                        ?? throw new NoPropException($"{path}: expected {name} to have at most {mostBytes} bytes, found more; {remedy}");
                }
            }

            // To the end, where the checksum of all that was read is.
            content.CopyTo(Stream.Null);
            if ((uint)content.Count != length)
            {
                throw new NoPropException($"{path}: expected a whole .tar.gz archive, found one that is cut or has bytes after its end; {remedy}");
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or OverflowException or ArgumentException)
        {
            throw new NoPropException(
                $"{path}: expected a .tar.gz archive, found damage ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); {remedy}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{path}: expected a readable file, found {e.Message.TrimEnd('.')}; check its permissions", e);
        }

        return files;
    }

    /// <summary>A stream that counts what is read from it.</summary>
    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            Count += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
