using System.CommandLine;

namespace NoProp.Host.Commands;

/// <summary>Options that experiments of several rows share.</summary>
internal static class ReproductionOptions
{
    public static Option<string> Data(string standard) => new("--data") { Description = $"Data set, as in `noprop train`{standard}", HelpName = "NAME" };

    public static Option<string> DataDir() => new("--data-dir") { Description = "Where its files are; without it the usual places are searched", HelpName = "FOLDER" };

    public static Option<string> Rows(string example) => new("--rows") { Description = $"Only the rows with these names, {example}; * stands for any text", HelpName = "PATTERN" };

    public static Option<int?> Seeds(int standard) => new("--seeds")
    {
        Description = $"Train every row so many times, with seeds 0, 1, ...; gives a standard deviation [default: {standard}]",
        HelpName = "N",
    };

    public static Option<string> Out(string what) => new("--out") { Description = $"Folder of the report and of the runs [default: runs/{what}-<time>]", HelpName = "FOLDER" };

    public static Option<string> Network(string compact) => new("--network") { Description = $"Block network: compact or paper [default: paper; {compact}]", HelpName = "KIND" };

    public static Option<bool> Plain() => new("--plain") { Description = "Plain lines instead of a live table" };

    public static Option<bool> Resume() => new("--resume") { Description = "Go on in the folder of --out with the same options: finished rows are not trained again" };
}
