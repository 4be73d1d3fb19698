using NoProp.Models.Data.Images;
using NoProp.Models.Data.Sets;
using NoProp.Models.Native;

namespace NoProp.Models.Data;

/// <summary>Finds and loads data sets by name.</summary>
public static class DataCatalog
{
    /// <summary>The last of <see cref="Names"/>: stands for every folder of images.</summary>
    public const string ImageFolderForm = ImageFolder.Form;

    internal static IReadOnlyList<IDataSet> Sets { get; } =
        [IdxSet.Mnist, IdxSet.FashionMnist, IdxSet.KuzushijiMnist, CifarSet.Cifar10, CifarSet.Cifar100, TinyImageNet.Instance];

    /// <summary>The names that <see cref="Load"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [Digits.Name, .. Sets.Select(set => set.Name), ImageFolder.Form];

    /// <summary>Loads a data set into memory.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataDir">
    /// The folder that holds its files, or that holds a folder of its name which does; null to look in <see cref="Places"/>. The digits
    /// are part of the program and need none. For a folder of images it is where a relative path begins, or that folder itself.
    /// </param>
    /// <param name="trainLimit">Only the first so many training images; 0 means all.</param>
    /// <param name="reading">How image files are read; needed for data sets that consist of them.</param>
    /// <returns>Images uint8 [n, channels, height, width] and labels int64 [n], on the CPU and outside every dispose scope.</returns>
    /// <exception cref="NoPropException">The name is unknown, the files are missing or damaged, or libtorch cannot be loaded.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    /// <exception cref="ArgumentNullException">The data set consists of image files, and nobody says how to read them.</exception>
    public static Dataset Load(string name, string? dataDir = null, int trainLimit = 0, ImageReading? reading = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trainLimit);
        TorchRuntime.Load();
        if (name == Digits.Name)
        {
            ImageReading.RefuseSize(reading, name, Digits.Shape);
            return Digits.Load(trainLimit);
        }

        return ImageFolder.PathIn(name) is { } path
            ? ImageFolder.Load(name, ImageFolder.Find(path, dataDir), trainLimit, reading)
            : LoadFrom(Named(name), Places(name, dataDir), trainLimit, reading);
    }

    /// <summary>The folder whose files <see cref="Load"/> would read; null where no place has all of them, and always for the digits.</summary>
    /// <exception cref="NoPropException">The name is unknown.</exception>
    public static string? FindFolder(string name, string? dataDir = null) =>
        name == Digits.Name ? null : Find(Named(name), Places(name, dataDir));

    /// <summary>
    /// The folders that are searched, in order. Where <paramref name="dataDir"/> is given, only it and the folder of that name in it are.
    /// </summary>
    public static IReadOnlyList<string> Places(string name, string? dataDir = null) =>
        PlacesIn(name, dataDir, Environment.GetEnvironmentVariable, Directory.GetCurrentDirectory());

    /// <summary>Where <c>noprop data get</c> puts a data set that every run of this user shall find.</summary>
    public static string CacheFolder(string name) => CacheFolder(name, Environment.GetEnvironmentVariable);

    internal static IReadOnlyList<string> PlacesIn(
        string name, string? dataDir, Func<string, string?> environment, string currentDirectory)
    {
        if (dataDir is not null)
        {
            string full = Path.GetFullPath(dataDir, currentDirectory);
            return [full, Path.Combine(full, name)];
        }

        List<string> places =
        [
            Path.Combine(currentDirectory, "data", name),
            CacheFolder(name, environment),
            $"/usr/share/datasets/{name}",
        ];
        if (environment("NOPROP_DATA") is { Length: > 0 } folder)
        {
            places.Insert(0, Path.Combine(Path.GetFullPath(folder, currentDirectory), name));
        }

        return places;
    }

    /// <summary>The set of that name.</summary>
    /// <exception cref="NoPropException">There is none; the message names the nearest.</exception>
    internal static IDataSet Named(string name)
    {
        if (Sets.FirstOrDefault(set => set.Name == name) is { } known)
        {
            return known;
        }

        string guess = Nearest.Of(name, Names) is { } near ? $"did you mean {near}? " : "";
        throw new NoPropException($"no data set is called '{name}': {guess}the names are {string.Join(", ", Names)}");
    }

    internal static Dataset LoadFrom(IDataSet set, IReadOnlyList<string> places, int trainLimit, ImageReading? reading = null) =>
        set.Load(Find(set, places) ?? throw NotFound(set, places), trainLimit, reading);

    private static string? Find(IDataSet set, IReadOnlyList<string> places) =>
        places.FirstOrDefault(place => set.Missing(place) is { Count: 0 });

    private static NoPropException NotFound(IDataSet set, IReadOnlyList<string> places)
    {
        IEnumerable<string> searched = places.Select(place =>
            set.Missing(place) is { Count: > 0 } missing ? $"{place} (lacks {string.Join(" and ", missing)})" : place);
        return new NoPropException(
            $"{set.Name} was not found in {string.Join(", ", searched)}: {set.HowToGet(CacheFolder(set.Name))}");
    }

    private static string CacheFolder(string name, Func<string, string?> environment)
    {
        // A relative XDG_CACHE_HOME is invalid and to be ignored, says the specification.
        string cache = environment("XDG_CACHE_HOME") is { } given && Path.IsPathRooted(given)
            ? given
            : Path.Combine(environment("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "noprop", name);
    }
}
