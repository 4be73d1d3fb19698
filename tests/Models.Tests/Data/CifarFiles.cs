using System.Formats.Tar;
using System.Text;

namespace NoProp.Models.Tests.Data;

/// <summary>Makes CIFAR files in the layout of their authors, with few images.</summary>
internal static class CifarFiles
{
    public const int Pixels = 3 * 32 * 32;

    /// <summary>CIFAR-10: 2 images in each training file, 3 in the test file. The label of image n is n % 10.</summary>
    public static Dictionary<string, byte[]> Ten()
    {
        Dictionary<string, byte[]> files = Enumerable.Range(0, 5).ToDictionary(i => $"data_batch_{i + 1}.bin", i => Records(2 * i, 2, label => [(byte)(label % 10)]));
        files["test_batch.bin"] = Records(0, 3, label => [(byte)(label % 10)]);
        files["batches.meta.txt"] = Encoding.UTF8.GetBytes("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
        files["readme.html"] = [1, 2, 3];
        return files;
    }

    /// <summary>CIFAR-100: 6 training images and 3 test images, of fine classes 99, 98, ... and coarse class 19.</summary>
    public static Dictionary<string, byte[]> Hundred() => new()
    {
        ["train.bin"] = Records(0, 6, label => [19, (byte)(99 - label)]),
        ["test.bin"] = Records(0, 3, label => [19, (byte)(99 - label)]),
        ["fine_label_names.txt"] = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(i => $"fine{i}\n"))),
        ["coarse_label_names.txt"] = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20).Select(i => $"coarse{i}\n"))),
    };

    public static void WriteFolder(TempFolder folder, string name, Dictionary<string, byte[]> files)
    {
        foreach ((string file, byte[] bytes) in files)
        {
            folder.Write(Path.Combine(name, file), bytes);
        }
    }

    public static byte[] TarGz(string top, Dictionary<string, byte[]> files)
    {
        using MemoryStream result = new();
        using (TarWriter tar = new(result, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, $"{top}/"));
            foreach ((string file, byte[] bytes) in files)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{top}/{file}") { DataStream = new MemoryStream(bytes) });
            }
        }

        return IdxBytes.Gzip(result.ToArray());
    }

    /// <summary>Pixels of image n: red n, then green and blue that count up.</summary>
    public static byte[] Image(int n) => [.. Enumerable.Range(0, Pixels).Select(i => (byte)(i < 1024 ? n : i + n))];

    private static byte[] Records(int first, int count, Func<int, byte[]> labels) =>
        [.. Enumerable.Range(first, count).SelectMany(n => (byte[])[.. labels(n), .. Image(n)])];
}
