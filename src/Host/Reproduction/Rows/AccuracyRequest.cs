using NoProp.Actors.Hosting;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>What was asked for on the command line, with the defaults filled in.</summary>
/// <param name="Data">Data set.</param>
/// <param name="DataDir">Folder of its files; null for the usual one.</param>
/// <param name="Network"><c>compact</c> or <c>paper</c>.</param>
/// <param name="ScaleText"><c>--scale</c> as it was given; null for none.</param>
/// <param name="Seeds">Number of seeds.</param>
/// <param name="Rows"><c>--rows</c> as it was given; null for all.</param>
internal sealed record AccuracyRequest(string Data, string? DataDir, string Network, string? ScaleText, int Seeds, string? Rows)
{
    private const string Digits = "digits";

    /// <summary>The verb that asks for it.</summary>
    public string Verb { get; init; } = "reproduce";

    /// <summary>Training of every row; null where <see cref="ScaleText"/> says it.</summary>
    public Budget? Budget { get; init; }

    /// <summary>Options that say no more than the budget and the verb, and are part of the command.</summary>
    public IReadOnlyList<(string Option, string? Value)> Further { get; init; } = [];

    /// <summary>Fills in what was not given.</summary>
    /// <exception cref="SettingsException">A value is not allowed, or one is needed.</exception>
    public static AccuracyRequest Create(Experiment experiment, string? data, string? dataDir, string? network, string? scale, int? seeds, string? rows)
    {
        bool small = Scale.Parse(scale).IsSmall;
        if (data is null && experiment.Name == Experiment.TinyImageNetTable)
        {
            throw new SettingsException($"{experiment.Name} needs the images of Tiny ImageNet: name their folder with --data folder:PATH");
        }

        string set = data ?? (small ? Digits : "mnist");
        return new(
            set,
            dataDir,
            NetworkOr(network, small || set == Digits ? "compact" : "paper"),
            scale,
            SeedsOr(seeds, 1),
            rows);
    }

    /// <summary><c>--seeds</c>, checked.</summary>
    /// <param name="given">As it was given; null for none.</param>
    /// <param name="standard">What it is then.</param>
    /// <exception cref="SettingsException">It is out of range.</exception>
    public static int SeedsOr(int? given, int standard) => given switch
    {
        null => standard,
        < 1 or > 1000 => throw new SettingsException($"--seeds {given}: must be a whole number from 1 to 1000"),
        int count => count,
    };

    /// <summary><c>--network</c>, checked.</summary>
    /// <param name="given">As it was given; null for none.</param>
    /// <param name="standard">What it is then.</param>
    /// <exception cref="SettingsException">There is no such network.</exception>
    public static string NetworkOr(string? given, string standard) => given switch
    {
        null => standard,
        "compact" or "paper" => given,
        _ => throw new SettingsException($"--network {given}: must be compact or paper"),
    };

    /// <summary>The command that asks for the same.</summary>
    public string Command(string what, string folder)
    {
        List<string> words = ["noprop", Verb, what, "--data", Data];
        void Add(string option, string? value)
        {
            if (value is not null)
            {
                words.AddRange([option, value]);
            }
        }

        Add("--data-dir", DataDir);
        Add("--scale", ScaleText);
        foreach ((string option, string? value) in Further)
        {
            Add(option, value);
        }

        Add("--seeds", Seeds == 1 && Budget is null ? null : $"{Seeds}");
        Add("--rows", Rows);
        Add("--network", Budget is null ? Network : null);
        Add("--out", folder);
        return string.Join(' ', words.Select(word => word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,".Contains(c, StringComparison.Ordinal)) ? word : $"'{word}'"));
    }

    /// <summary>The settings that the rows of this request share.</summary>
    /// <param name="budget">How long a row trains.</param>
    /// <param name="images">Training images that there are.</param>
    /// <param name="curve">Whether every epoch is tested, or the end alone.</param>
    public IReadOnlyList<string> Settings(Budget budget, int images, bool curve) =>
    [
        $"noprop.data.name={Data}",
        .. DataDir is null ? (IEnumerable<string>)[] : [$"noprop.data.dir={DataDir}"],
        $"noprop.data.train-limit={(budget.Images == images ? 0 : budget.Images)}",
        $"noprop.network.kind={Network}",
        $"noprop.epochs={budget.Epochs}",
        // A large number tests the end alone, and 0 nothing.
        $"noprop.evaluate.every-epochs={(curve ? 1 : 1_000_000)}",
        "noprop.checkpoint.keep=1",
        "noprop.metrics.tensorboard=off",
        .. budget.Settings,
    ];
}
