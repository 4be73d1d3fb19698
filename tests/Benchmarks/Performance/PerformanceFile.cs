using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NoProp.Benchmarks.Performance;

/// <summary>What was measured so far, as JSON for programs and as Markdown for people. A case that is measured again takes the place of its former result.</summary>
internal static class PerformanceFile
{
    private const string Name = "performance";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Adds results to both files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="order">Names of all cases, in the order of the page. Behind each stands what was measured of it on other devices.</param>
    /// <param name="results">New results.</param>
    public static void Update(string folder, IReadOnlyList<string> order, IReadOnlyCollection<CaseResult> results)
    {
        string json = Path.Combine(folder, $"{Name}.json");
        ImmutableArray<CaseResult> before = File.Exists(json) ? JsonSerializer.Deserialize<ImmutableArray<CaseResult>>(File.ReadAllText(json), Options) : [];
        CaseResult[] all =
        [
            .. results.Concat(before)
                .DistinctBy(result => result.Name)
                .Where(result => order.Contains(CaseOf(result)))
                .OrderBy(result => order.Index().First(known => known.Item == CaseOf(result)).Index)
                .ThenBy(result => result.Name, StringComparer.Ordinal),
        ];
        Directory.CreateDirectory(folder);
        File.WriteAllText(json, JsonSerializer.Serialize(all, Options) + "\n");
        File.WriteAllText(Path.Combine(folder, $"{Name}.md"), Markdown(all));
    }

    /// <summary>The tables of a result.</summary>
    public static string Tables(CaseResult result)
    {
        StringBuilder text = new();
        Table("measured", "", result.Arms);
        if (!result.Ratios.IsEmpty)
        {
            Table("ratio", " wanted |", result.Ratios);
        }

        return text.ToString();

        void Table(string first, string last, ImmutableArray<Figure> figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {first} | median | lowest | highest |{last}\n|---|---|---|---|{(last.Length > 0 ? "---|" : "")}\n");
            foreach (Figure figure in figures)
            {
                Spread values = figure.Values;
                text.Append(CultureInfo.InvariantCulture, $"| {figure.Name} | {Number(values.Median)} | {Number(values.Lowest)} | {Number(values.Highest)} |{(last.Length > 0 ? $" {figure.Wanted} |" : "")}\n");
            }

            text.Append('\n');
        }
    }

    private static string CaseOf(CaseResult result) => result.Name.Split(' ')[0];

    private static string Markdown(CaseResult[] results)
    {
        StringBuilder text = new("""
            # Performance

            Written by `benchmarks performance`, case by case (`dotnet run -c Release --project tests/Benchmarks -- performance --help`). Every figure is the
            median of some rounds; in each round every arm runs once, one after the other, and a ratio is taken within its round. What the ratios are
            worth holds on other machines too, the times do not: these are of two cores, until 2026-11-25 with AVX2 and since with AVX-512, but for cases that
            name another device. oneDNN, with which libtorch computes the script's convolutions, is kept to AVX2 there, for with AVX-512 some are wrong. Memory of training, by method:
            [results.md](results.md#memory-of-training-table-3).


            """);
        foreach (CaseResult result in results)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {result.Name}\n\n{result.What} {result.Rounds} rounds, {result.Date}.\n\n{Tables(result)}");
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 1000 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
