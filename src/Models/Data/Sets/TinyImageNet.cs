using NoProp.Models.Data.Files;
using NoProp.Models.Data.Images;

namespace NoProp.Models.Data.Sets;

/// <summary>
/// Tiny ImageNet in the layout of its authors, from the archive as it is or the folder that is in it. Its test images have no published
/// labels, so the validation images are the test set, as usual.
/// </summary>
internal sealed class TinyImageNet : IDataSet
{
    public static readonly TinyImageNet Instance = new();

    private const string Folder = "tiny-imagenet-200";
    private const string Archive = $"{Folder}.zip";
    private const string Ids = "wnids.txt";
    private const string Words = "words.txt";
    private const string Annotations = "val/val_annotations.txt";
    private const string Remedy = "replace the data with a complete copy";

    private TinyImageNet()
    {
    }

    public string Name => "tiny-imagenet";

    public PublishedSet? Published => null;

    public string HowToGet(string folder) =>
        $"download {Archive} from http://cs231n.stanford.edu/{Archive} and put it, as it is or unpacked, into {folder}, "
        + "or into any folder that you name with --data-dir";

    public IReadOnlyList<string>? Missing(string place) => Find(place) is null ? null : [];

    public Dataset Load(string place, int trainLimit, ImageReading? reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        using FileTree tree = FileTree.Open(Find(place)!, Ids);
        IReadOnlyList<string> ids = tree.ReadLines(Ids);
        if (ids.Count < 2 || ids.Distinct().Count() != ids.Count)
        {
            throw new NoPropException(
                $"{tree.Describe(Ids)}: expected the id of a class on each line, found {ids.Distinct().Count()} in {ids.Count} lines; {Remedy}");
        }

        Dictionary<string, int> labels = ids.Select((id, label) => (id, label)).ToDictionary(pair => pair.id, pair => pair.label);
        return ImageFiles.Load(
            Name, ClassNames(tree, ids), tree, Train(tree, ids), Validation(tree, labels), trainLimit, reading, greyStaysGrey: false);
    }

    /// <summary>The folder, or else the archive, in a place.</summary>
    private static string? Find(string place)
    {
        string? folder = new[] { place, Path.Combine(place, Folder) }.FirstOrDefault(path => File.Exists(Path.Combine(path, Ids)));
        string archive = Path.Combine(place, Archive);
        return folder ?? (File.Exists(archive) ? archive : null);
    }

    /// <summary>The first of each class's words, with the class's id where two classes share it.</summary>
    private static string[] ClassNames(FileTree tree, IReadOnlyList<string> ids)
    {
        Dictionary<string, string> words = [];
        foreach (string line in tree.ReadLines(Words))
        {
            if (line.Split('\t', 2) is [var id, var all])
            {
                words[id] = all.Split(',')[0].Trim();
            }
        }

        string[] names = [.. ids.Select(id => words.TryGetValue(id, out string? name)
            ? name
            : throw new NoPropException($"{tree.Describe(Words)}: expected a name for the class {id}, found none; {Remedy}"))];
        HashSet<string> shared = [.. names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key)];
        return [.. names.Zip(ids, (name, id) => shared.Contains(name) ? $"{name} ({id})" : name)];
    }

    private static List<LabelledFile> Train(FileTree tree, IReadOnlyList<string> ids)
    {
        List<LabelledFile> images = [];
        for (int label = 0; label < ids.Count; label++)
        {
            string folder = $"train/{ids[label]}/images";
            int before = images.Count;
            images.AddRange(tree.Files(folder).Where(IsImage).Select(file => new LabelledFile($"{folder}/{file}", label)));
            if (images.Count == before)
            {
                throw new NoPropException($"{tree.Describe(folder)}: expected the images of a class, found none; {Remedy}");
            }
        }

        return images;
    }

    private static List<LabelledFile> Validation(FileTree tree, Dictionary<string, int> labels)
    {
        List<LabelledFile> images = [];
        IReadOnlyList<string> lines = tree.ReadLines(Annotations);
        for (int line = 0; line < lines.Count; line++)
        {
            if (lines[line].Split('\t') is not [var file, var id, ..] || !labels.TryGetValue(id, out int label) || Path.GetFileName(file) != file)
            {
                throw new NoPropException(
                    $"{tree.Describe(Annotations)}: expected a file and the id of its class, found '{lines[line]}' at line {line + 1}; {Remedy}");
            }

            images.Add(new LabelledFile($"val/images/{file}", label));
        }

        return images.Count > 0
            ? images
            : throw new NoPropException($"{tree.Describe(Annotations)}: expected at least one line, found none; {Remedy}");
    }

    private static bool IsImage(string file) => file.EndsWith(".JPEG", StringComparison.OrdinalIgnoreCase);
}
