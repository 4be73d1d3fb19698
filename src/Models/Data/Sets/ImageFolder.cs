using NoProp.Models.Data.Files;
using NoProp.Models.Data.Images;
using NoProp.Models.Randomness;

namespace NoProp.Models.Data.Sets;

/// <summary>
/// A folder of PNG and JPEG images: <c>train/CLASS/*</c> and <c>test/CLASS/*</c>, or <c>CLASS/*</c> alone, of which a fifth of each class
/// becomes the test set. Other files are left alone.
/// </summary>
internal static class ImageFolder
{
    /// <summary>What <c>--data</c> calls it, in help.</summary>
    public const string Form = "folder:PATH";

    private const string Prefix = "folder:";
    private const string Train = "train";
    private const string Test = "test";
    private const int TestShare = 5;

    // Of the data, not of a run: every run tests on the same images.
    private const ulong SplitSeed = 1;

    /// <summary>The folder in a data set's name; null where the name is not of this form.</summary>
    public static string? PathIn(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : null;

    /// <summary>The folder that a path means: a relative one begins at the data folder, or that is the folder itself.</summary>
    /// <exception cref="NoPropException">There is no such folder.</exception>
    public static string Find(string path, string? dataDir)
    {
        string[] places = dataDir is null ? [Path.GetFullPath(path)] : [Path.GetFullPath(Path.Combine(dataDir, path)), Path.GetFullPath(dataDir)];
        return places.FirstOrDefault(Directory.Exists)
            ?? throw new NoPropException($"there is no folder {string.Join(" or ", places)}: name one that has a folder of images for each class");
    }

    /// <summary>Reads it.</summary>
    /// <param name="name">What <c>--data</c> calls it.</param>
    /// <param name="path">The folder.</param>
    /// <param name="trainLimit">Only so many training images; 0 means all.</param>
    /// <param name="reading">How images are read.</param>
    /// <exception cref="NoPropException">The folder is not laid out so, or an image is damaged or of another size.</exception>
    public static Dataset Load(string name, string path, int trainLimit, ImageReading? reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        try
        {
            using FileTree tree = FileTree.Open(path, "");
            bool split = Folders(Path.Combine(path, Train)).Count > 0;
            IReadOnlyList<string> classes = Classes(split ? Path.Combine(path, Train) : path);
            (List<LabelledFile> train, List<LabelledFile> test) = split
                ? (Images(tree, path, Train, classes), TestImages(tree, path, classes))
                : Divide(Images(tree, path, "", classes));
            return test.Count > 0
                ? ImageFiles.Load(name, classes, tree, train, test, trainLimit, reading, greyStaysGrey: true)
                : throw new NoPropException(
                    $"{path}: expected at least {TestShare} images in a class, of which one becomes the test set, found fewer; "
                    + "add images, or make train/CLASS and test/CLASS folders");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{path} cannot be read: {e.Message.TrimEnd('.')}; check its permissions", e);
        }
    }

    private static IReadOnlyList<string> Classes(string folder)
    {
        IReadOnlyList<string> classes = Folders(folder);
        return classes.Count > 1
            ? classes
            : throw new NoPropException(
                $"{folder}: expected a folder of images for each of at least 2 classes, found {classes.Count}; make one for each class");
    }

    private static List<LabelledFile> TestImages(FileTree tree, string path, IReadOnlyList<string> classes)
    {
        string folder = Path.Combine(path, Test);
        IReadOnlyList<string> tested = Folders(folder);
        if (tested.Count == 0)
        {
            throw new NoPropException(
                $"{folder}: expected folders of test images beside those in {Train}, found none; add them, or move the classes out of {Train}");
        }

        return tested.FirstOrDefault(name => !classes.Contains(name)) is { } unknown
            ? throw new NoPropException(
                $"{Path.Combine(folder, unknown)}: expected a class that {Train} has too, found a new one; add it to {Train} or take it away")
            : Images(tree, path, Test, classes, [.. tested]);
    }

    private static List<LabelledFile> Images(FileTree tree, string path, string part, IReadOnlyList<string> classes, HashSet<string>? present = null)
    {
        List<LabelledFile> images = [];
        for (int label = 0; label < classes.Count; label++)
        {
            if (present?.Contains(classes[label]) == false)
            {
                continue;
            }

            string folder = Path.Combine(part, classes[label]);
            int before = images.Count;
            images.AddRange(tree.Files(folder).Where(IsImage).Select(file => new LabelledFile(Path.Combine(folder, file), label)));
            if (images.Count == before)
            {
                throw new NoPropException(
                    $"{Path.Combine(path, folder)}: expected PNG or JPEG images of this class, found none; add some or take the folder away");
            }
        }

        return images;
    }

    /// <summary>A fifth of each class for the test, picked at random and always the same.</summary>
    private static (List<LabelledFile> Train, List<LabelledFile> Test) Divide(IEnumerable<LabelledFile> images)
    {
        (List<LabelledFile> train, List<LabelledFile> test) = ([], []);
        foreach (IGrouping<int, LabelledFile> group in images.GroupBy(image => image.Label))
        {
            LabelledFile[] files = [.. group];
            NoiseKey key = new(SplitSeed, NoiseStream.Split, Block: 0, Step: 2 + group.Key);
            HashSet<long> tested = [.. Noise.Permutation(key, files.Length).Take(files.Length / TestShare)];
            for (int i = 0; i < files.Length; i++)
            {
                (tested.Contains(i) ? test : train).Add(files[i]);
            }
        }

        return (train, test);
    }

    private static IReadOnlyList<string> Folders(string folder) => Directory.Exists(folder)
        ? [.. new DirectoryInfo(folder).EnumerateDirectories().Select(info => info.Name).Where(IsShown).Order(StringComparer.Ordinal)]
        : [];

    private static bool IsShown(string name) => !name.StartsWith('.');

    private static bool IsImage(string file) =>
        IsShown(file) && Path.GetExtension(file).ToLowerInvariant() is ".png" or ".jpg" or ".jpeg";
}
