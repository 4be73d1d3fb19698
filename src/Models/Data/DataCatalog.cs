namespace NoProp.Models.Data;

/// <summary>Finds and loads data sets by name.</summary>
public static class DataCatalog
{
    private static readonly ImageShape MnistShape = new(1, 28, 28);

    /// <summary>The names that <see cref="Load"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [Digits.Name, .. PublishedSet.All.Select(set => set.Name)];

    /// <summary>Loads a data set into memory.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataDir">
    /// The folder that holds its files, or that holds a folder of its name which does; null to look in <see cref="Places"/>. The digits
    /// are part of the program and need none.
    /// </param>
    /// <param name="trainLimit">Only the first so many training images; 0 means all.</param>
    /// <returns>Images uint8 [n, channels, height, width] and labels int64 [n], on the CPU and outside every dispose scope.</returns>
    /// <exception cref="NoPropException">The name is unknown, or the files are missing or damaged.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public static Dataset Load(string name, string? dataDir = null, int trainLimit = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trainLimit);
        return name == Digits.Name ? Digits.Load(trainLimit) : LoadFrom(PublishedSet.Named(name), Places(name, dataDir), trainLimit);
    }

    /// <summary>The folder whose files <see cref="Load"/> would read; null where no place has all four, and always for the digits.</summary>
    /// <exception cref="NoPropException">The name is unknown.</exception>
    public static string? FindFolder(string name, string? dataDir = null) =>
        name == Digits.Name ? null : Find(PublishedSet.Named(name), Places(name, dataDir));

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

    internal static Dataset LoadFrom(PublishedSet set, IReadOnlyList<string> places, int trainLimit)
    {
        string folder = Find(set, places) ?? throw NotFound(set, places);
        string[] paths = [.. set.Files.Select(file => PathOf(folder, file)!)];
        ImageSplit train = ReadSplit(set, paths[0], paths[1], trainLimit);
        try
        {
            return new Dataset(set.Name, MnistShape, PixelMax: 255, set.ClassNames, train, ReadSplit(set, paths[2], paths[3], limit: 0));
        }
        catch
        {
            train.Dispose();
            throw;
        }
    }

    private static ImageSplit ReadSplit(PublishedSet set, string imagesPath, string labelsPath, int limit)
    {
        IdxSplit split = Idx.Read(imagesPath, labelsPath, set.ClassNames.Count);
        if (split.Rows != MnistShape.Height || split.Columns != MnistShape.Width)
        {
            throw new NoPropException(
                $"{imagesPath}: expected {set.Name} images of {MnistShape.Height}x{MnistShape.Width}, found {split.Rows}x{split.Columns}; "
                + $"fetch the published files with `noprop data get {set.Name}`");
        }

        int count = limit == 0 ? split.Labels.Length : Math.Min(limit, split.Labels.Length);
        return ImageSplit.FromBytes(split.Pixels.AsSpan(0, count * MnistShape.Pixels), split.Labels.AsSpan(0, count), MnistShape);
    }

    private static string? Find(PublishedSet set, IReadOnlyList<string> places) =>
        places.FirstOrDefault(place => set.Files.All(file => PathOf(place, file) is not null));

    /// <summary>The file under any of its usual names: some unpackers turn the hyphen before "idx" into a dot.</summary>
    private static string? PathOf(string folder, PublishedFile file)
    {
        string dotted = file.Name.Replace("-idx", ".idx", StringComparison.Ordinal);
        string[] names = [file.Name, $"{file.Name}.gz", dotted, $"{dotted}.gz"];
        return names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    private static NoPropException NotFound(PublishedSet set, IReadOnlyList<string> places)
    {
        IEnumerable<string> searched = places.Select(place =>
            set.Files.Where(file => PathOf(place, file) is null).Select(file => file.Name).ToArray() is { Length: > 0 and < 4 } missing
                ? $"{place} (lacks {string.Join(" and ", missing)})"
                : place);
        return new NoPropException(
            $"{set.Name} was not found in {string.Join(", ", searched)}: fetch it with `noprop data get {set.Name}`{set.DebianHint}");
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
