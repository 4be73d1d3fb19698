using System.Text;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

/// <summary>Small valid files and checkpoints, and the ways to damage them.</summary>
internal static class Samples
{
    public static readonly Dictionary<string, string> NoMetadata = [];

    /// <summary>A weight [2, 3], an optimiser moment [2, 3] and a step counter, all filled from <paramref name="fill"/> on.</summary>
    public static Snapshot Snapshot(string name, byte fill = 1, long clock = 20) =>
        new(name, clock, File([("weight", "F32", [2, 3]), ("optimizer.m", "F32", [2, 3]), ("running", "U8", [3])], fill));

    /// <summary>A snapshot with one tensor of so many bytes.</summary>
    public static Snapshot Large(string name, int bytes) => new(name, 20, File([("weight", "U8", [bytes])], 1));

    public static Checkpoint Checkpoint(long step, byte fill = 1) => new(
        step,
        [Snapshot("block-01", fill, step), Snapshot("block-02", (byte)(fill + 1), step), Snapshot("head", (byte)(fill + 2), step)],
        new Dictionary<string, string> { ["draws"] = "17" });

    public static byte[] File((string Name, string Dtype, long[] Shape)[] tensors, byte fill = 1)
    {
        (byte[] bytes, int offset) = Safetensors.Allocate(tensors, new Dictionary<string, string> { ["clock"] = "20", ["block"] = "1" });
        for (int i = offset; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(fill + i - offset);
        }

        return bytes;
    }

    /// <summary>A file with this header as it stands, and so many bytes of data.</summary>
    public static byte[] Raw(string header, int dataLength)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataLength]];
    }

    /// <summary>Changes one bit of every byte of the file in turn, and puts the byte back after <paramref name="look"/>.</summary>
    public static void ForEachChangedByte(string path, Action<int> look)
    {
        byte[] whole = System.IO.File.ReadAllBytes(path);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= (byte)(1 << (i % 8));
            System.IO.File.WriteAllBytes(path, changed);
            look(i);
        }

        System.IO.File.WriteAllBytes(path, whole);
    }

    /// <summary>The message that a user would read.</summary>
    public static string Error(Action action) => Assert.Throws<NoPropException>(action).Message;
}
