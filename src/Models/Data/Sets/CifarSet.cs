using NoProp.Models.Data.Files;
using NoProp.Models.Data.Images;

namespace NoProp.Models.Data.Sets;

/// <summary>
/// CIFAR-10 or CIFAR-100 in the binary layout of its authors, from the archive as it is or the folder that is in it. An image is a record
/// of label bytes, then 1,024 red, 1,024 green and 1,024 blue pixels, each row by row.
/// </summary>
/// <param name="Published">The archive.</param>
/// <param name="Folder">The folder in the archive.</param>
/// <param name="TrainFiles">Records of the training images.</param>
/// <param name="TestFile">Records of the test images.</param>
/// <param name="NamesFile">Class names, one a line, in label order.</param>
/// <param name="Labels">Number of classes of each label byte; the last one counts.</param>
internal sealed record CifarSet(
    PublishedSet Published, string Folder, IReadOnlyList<string> TrainFiles, string TestFile, string NamesFile, IReadOnlyList<int> Labels) : IDataSet
{
    public static readonly CifarSet Cifar10 = new(
        Publish("cifar10", new("cifar-10-binary.tar", "c32a1d4ab5d03f1284b67883e8d87530")),
        "cifar-10-batches-bin",
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        "test_batch.bin",
        "batches.meta.txt",
        [10]);

    public static readonly CifarSet Cifar100 = new(
        Publish("cifar100", new("cifar-100-binary.tar", "03b5dce01913d631647c71ecec9e9cb8")),
        "cifar-100-binary",
        ["train.bin"],
        "test.bin",
        "fine_label_names.txt",
        [20, 100]);

    // Several times the largest file, the 153,700,000 bytes of CIFAR-100's training images.
    private const int MostBytes = 1 << 29;

    private static readonly ImageShape Shape = new(3, 32, 32);

    public string Name => Published.Name;

    private string Archive => $"{Published.Files[0].Name}.gz";

    private string Remedy => $"replace it with a good copy (`noprop data get {Name}` fetches one)";

    private int RecordBytes => Labels.Count + Shape.Pixels;

    private IReadOnlyList<string> Records => [.. TrainFiles, TestFile];

    public string HowToGet(string folder) => Published.HowToGet;

    public IReadOnlyList<string>? Missing(string place)
    {
        if (FolderIn(place) is { } folder)
        {
            string[] missing = [.. Records.Where(file => !File.Exists(Path.Combine(folder, file)))];
            return missing.Length == 0 || !File.Exists(Path.Combine(place, Archive)) ? missing : [];
        }

        return File.Exists(Path.Combine(place, Archive)) ? [] : null;
    }

    public Dataset Load(string place, int trainLimit, ImageReading? reading)
    {
        ImageReading.RefuseSize(reading, Name, Shape);
        RecordFile[] files = Read(place);
        IReadOnlyList<string> names = TextLines.Of(files[^1].Bytes);
        if (names.Count != Labels[^1])
        {
            throw new NoPropException($"{files[^1].Path}: expected {Labels[^1]} class names, one a line, found {names.Count}; {Remedy}");
        }

        ImageSplit train = ReadSplit(files[..^2], trainLimit);
        try
        {
            return new Dataset(Name, Shape, PixelMax: 255, names, train, ReadSplit(files[^2..^1], limit: 0));
        }
        catch
        {
            train.Dispose();
            throw;
        }
    }

    private static PublishedSet Publish(string name, PublishedFile file) =>
        new(name, new Uri("https://www.cs.toronto.edu/~kriz/"), DebianPackage: null, [file]);

    /// <summary>The place itself, or the archive's folder in it.</summary>
    private string? FolderIn(string place) =>
        new[] { place, Path.Combine(place, Folder) }.FirstOrDefault(folder => Records.Any(file => File.Exists(Path.Combine(folder, file))));

    /// <summary>Training files, test file and class names.</summary>
    private RecordFile[] Read(string place)
    {
        string[] wanted = [.. Records, NamesFile];
        if (FolderIn(place) is { } folder && Records.All(file => File.Exists(Path.Combine(folder, file))))
        {
            using FileTree tree = FileTree.Open(folder, NamesFile);
            return [.. wanted.Select(name => new RecordFile(tree.Describe(name), tree.Read(name)))];
        }

        string archive = Path.Combine(place, Archive);
        IReadOnlyDictionary<string, byte[]> found = TarGz.Read(archive, wanted, MostBytes, Remedy);
        return [.. wanted.Select(name => found.TryGetValue(name, out byte[]? bytes)
            ? new RecordFile($"{name} in {archive}", bytes)
            : throw new NoPropException($"{archive}: expected {name} in it, found none; {Remedy}"))];
    }

    private ImageSplit ReadSplit(RecordFile[] files, int limit)
    {
        int count = 0;
        foreach (RecordFile file in files)
        {
            if (file.Bytes.Length == 0 || file.Bytes.Length % RecordBytes != 0)
            {
                throw new NoPropException(
                    $"{file.Path}: expected images of {RecordBytes} bytes each, found {file.Bytes.Length} bytes, "
                    + $"which are not a whole number of them; {Remedy}");
            }

            count += file.Bytes.Length / RecordBytes;
        }

        count = limit == 0 ? count : Math.Min(limit, count);
        byte[] pixels = new byte[count * Shape.Pixels];
        byte[] labels = new byte[count];
        int row = 0;
        foreach (RecordFile file in files)
        {
            for (int at = 0; at < file.Bytes.Length; at += RecordBytes)
            {
                ReadOnlySpan<byte> record = file.Bytes.AsSpan(at, RecordBytes);
                CheckLabels(file, record[..Labels.Count], at / RecordBytes);
                if (row < count)
                {
                    labels[row] = record[Labels.Count - 1];
                    record[Labels.Count..].CopyTo(pixels.AsSpan(row * Shape.Pixels));
                    row++;
                }
            }
        }

        return ImageSplit.FromBytes(pixels, labels, Shape);
    }

    private void CheckLabels(RecordFile file, ReadOnlySpan<byte> labels, int image)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] >= Labels[i])
            {
                throw new NoPropException(
                    $"{file.Path}: expected labels from 0 to {Labels[i] - 1}, found {labels[i]} at image {image}; {Remedy}");
            }
        }
    }

    /// <summary>A file and what messages call it.</summary>
    private sealed record RecordFile(string Path, byte[] Bytes);
}
