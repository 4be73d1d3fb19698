namespace NoProp.Models.Data;

/// <summary>One published IDX file.</summary>
/// <param name="Name">Its name without <c>.gz</c>.</param>
/// <param name="GzipMd5">Checksum of the <c>.gz</c> file as its authors published it.</param>
/// <param name="RawMd5">Checksum of what is in it: a distribution or a mirror may have compressed it anew.</param>
internal sealed record PublishedFile(string Name, string GzipMd5, string RawMd5);

/// <summary>A data set of four IDX files that others publish.</summary>
/// <param name="Name">What <c>--data</c> calls it.</param>
/// <param name="ClassNames">Name of each class, in label order.</param>
/// <param name="Source">Address of the folder that holds the files; ends in a slash.</param>
/// <param name="DebianPackage">A package of Debian and Ubuntu that installs the files, or null.</param>
/// <param name="Files">Training images, training labels, test images, test labels.</param>
internal sealed record PublishedSet(
    string Name,
    IReadOnlyList<string> ClassNames,
    Uri Source,
    string? DebianPackage,
    IReadOnlyList<PublishedFile> Files)
{
    public static readonly PublishedSet Mnist = new(
        "mnist",
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        DebianPackage: null,
        [
            new("train-images-idx3-ubyte", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
            new("train-labels-idx1-ubyte", "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
            new("t10k-images-idx3-ubyte", "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
            new("t10k-labels-idx1-ubyte", "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
        ]);

    public static readonly PublishedSet FashionMnist = new(
        "fashion-mnist",
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
        new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        DebianPackage: "dataset-fashion-mnist",
        [
            new("train-images-idx3-ubyte", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
            new("train-labels-idx1-ubyte", "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
            new("t10k-images-idx3-ubyte", "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
            new("t10k-labels-idx1-ubyte", "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
        ]);

    public static readonly IReadOnlyList<PublishedSet> All = [Mnist, FashionMnist];

    /// <summary>The set of that name.</summary>
    /// <exception cref="NoPropException">There is none; the message names the nearest.</exception>
    public static PublishedSet Named(string name)
    {
        if (All.FirstOrDefault(set => set.Name == name) is { } known)
        {
            return known;
        }

        string guess = Nearest.Of(name, DataCatalog.Names) is { } near ? $"did you mean {near}? " : "";
        throw new NoPropException($"no data set is called '{name}': {guess}the names are {string.Join(", ", DataCatalog.Names)}");
    }

    /// <summary>A sentence's end for those who must fetch the files another way.</summary>
    public string DebianHint => DebianPackage is null ? "" : $"; on Debian and Ubuntu `sudo apt install {DebianPackage}` is enough";
}
