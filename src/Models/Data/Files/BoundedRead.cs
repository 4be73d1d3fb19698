namespace NoProp.Models.Data.Files;

/// <summary>Reads what may claim any length: memory grows with the bytes that are there, up to a bound.</summary>
internal static class BoundedRead
{
    private const int FirstAllocation = 1 << 16;
    private const int LargestFirstAllocation = 1 << 26;

    /// <summary>All bytes up to the end of a stream; null where there are more than <paramref name="most"/>.</summary>
    /// <param name="stream">Read from where it stands.</param>
    /// <param name="expected">The length that it claims, to save copies.</param>
    /// <param name="most">Bound on the length.</param>
    public static byte[]? ToEnd(Stream stream, long expected, int most)
    {
        byte[] bytes = new byte[Math.Clamp(expected + 1, FirstAllocation, LargestFirstAllocation)];
        int found = 0;
        while (true)
        {
            int read = stream.Read(bytes, found, bytes.Length - found);
            found += read;
            if (found > most)
            {
                return null;
            }

            if (read == 0)
            {
                return bytes[..found];
            }

            if (found == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * bytes.Length, most + 1L));
            }
        }
    }
}
