using NoProp.Models.Data.Images;

namespace NoProp.Models.Data.Sets;

/// <summary>A data set in the four IDX files of MNIST.</summary>
/// <param name="Published">Training images, training labels, test images, test labels.</param>
/// <param name="ClassNames">Name of each class, in label order.</param>
internal sealed record IdxSet(PublishedSet Published, IReadOnlyList<string> ClassNames) : IDataSet
{
    public static readonly IdxSet Mnist = new(
        new(
            "mnist",
            new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            DebianPackage: null,
            [
                new("train-images-idx3-ubyte", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
                new("train-labels-idx1-ubyte", "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
                new("t10k-images-idx3-ubyte", "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
                new("t10k-labels-idx1-ubyte", "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
            ]),
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);

    public static readonly IdxSet FashionMnist = new(
        new(
            "fashion-mnist",
            new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
            DebianPackage: "dataset-fashion-mnist",
            [
                new("train-images-idx3-ubyte", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
                new("train-labels-idx1-ubyte", "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
                new("t10k-images-idx3-ubyte", "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
                new("t10k-labels-idx1-ubyte", "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
            ]),
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]);

    public static readonly IdxSet KuzushijiMnist = new(
        new(
            "kmnist",
            new Uri("http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
            DebianPackage: null,
            [
                new("train-images-idx3-ubyte", "bdb82020997e1d708af4cf47b453dcf7"),
                new("train-labels-idx1-ubyte", "e144d726b3acfaa3e44228e80efcd344"),
                new("t10k-images-idx3-ubyte", "5c965bf0a639b31b8f53240b1b52f4d7"),
                new("t10k-labels-idx1-ubyte", "7320c461ea6c1c855c0b718fb2a4b134"),
            ]),
        ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]);

    private static readonly ImageShape Shape = new(1, 28, 28);

    public string Name => Published.Name;

    public string HowToGet(string folder) => Published.HowToGet;

    public IReadOnlyList<string>? Missing(string place)
    {
        string[] missing = [.. Published.Files.Where(file => PathOf(place, file) is null).Select(file => file.Name)];
        return missing.Length == Published.Files.Count ? null : missing;
    }

    public Dataset Load(string place, int trainLimit, ImageReading? reading)
    {
        ImageReading.RefuseSize(reading, Name, Shape);
        string[] paths = [.. Published.Files.Select(file => PathOf(place, file)!)];
        ImageSplit train = ReadSplit(paths[0], paths[1], trainLimit);
        try
        {
            return new Dataset(Name, Shape, PixelMax: 255, ClassNames, train, ReadSplit(paths[2], paths[3], limit: 0));
        }
        catch
        {
            train.Dispose();
            throw;
        }
    }

    private ImageSplit ReadSplit(string imagesPath, string labelsPath, int limit)
    {
        IdxSplit split = Idx.Read(imagesPath, labelsPath, ClassNames.Count);
        if (split.Rows != Shape.Height || split.Columns != Shape.Width)
        {
            throw new NoPropException(
                $"{imagesPath}: expected {Name} images of {Shape.Height}x{Shape.Width}, found {split.Rows}x{split.Columns}; "
                + $"fetch the published files with `noprop data get {Name}`");
        }

        int count = limit == 0 ? split.Labels.Length : Math.Min(limit, split.Labels.Length);
        return ImageSplit.FromBytes(split.Pixels.AsSpan(0, count * Shape.Pixels), split.Labels.AsSpan(0, count), Shape);
    }

    /// <summary>The file under any of its usual names: some unpackers turn the hyphen before "idx" into a dot.</summary>
    private static string? PathOf(string folder, PublishedFile file)
    {
        string dotted = file.Name.Replace("-idx", ".idx", StringComparison.Ordinal);
        string[] names = [file.Name, $"{file.Name}.gz", dotted, $"{dotted}.gz"];
        return names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}
