using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NoProp.Host.Views;

/// <summary>A run that is watched, as a table of its blocks and what there is to say below.</summary>
internal static class WatchView
{
    private const int CurveWidth = 16;
    private const int EventLines = 6;
    private const string Levels = "▁▂▃▄▅▆▇█";

    /// <summary>The table of one moment.</summary>
    /// <param name="run">The run.</param>
    /// <param name="now">The time, UTC.</param>
    /// <param name="footer">A line at the end; empty for none.</param>
    public static IRenderable Render(WatchedRun run, DateTime now, string footer)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("block");
        table.AddColumn("progress");
        foreach (string column in (string[])["steps", "lead"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("error");
        foreach (string column in (string[])["newest", "steps/s"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("node");
        table.AddColumn("state");
        for (int i = 0; i < run.Blocks.Count; i++)
        {
            WatchedBlock block = run.Blocks[i];
            string state = run.State(block, now);
            table.AddRow(
                Text(run.Name(i)),
                new BreakdownChart().Width(16).HideTags().AddItem("", block.Clock, Color.Green).AddItem("", Math.Max((run.Target ?? 1) - block.Clock, 0), Color.Grey23),
                Text($"{block.Clock}"),
                Text($"{block.Lead}"),
                Text(Sparkline(block.Errors, CurveWidth)),
                Text(block.Errors is [.., double error] && double.IsFinite(error) ? error.ToString("0.0000", CultureInfo.InvariantCulture) : "-"),
                Text(run.Outcome is null ? block.Rate(now).ToString("0.0", CultureInfo.InvariantCulture) : "-"),
                Text(block.Worker ?? "-"),
                new Text(state, new Style(state switch { "training" or "done" or "completed" => Color.Green, "recovering" or "failed" => Color.Red, _ => Color.Grey })));
        }

        return new Rows((IRenderable[])[table, .. Lines(run).Select(Text), .. run.Events.TakeLast(EventLines).Select(line => new Text(line, new Style(Color.Yellow))), .. footer.Length > 0 ? [new Text(footer, new Style(Color.Grey))] : (IRenderable[])[]]);
    }

    /// <summary>A curve in so many letters: each stands for the mean of its part, between the least and the most of all.</summary>
    public static string Sparkline(IReadOnlyList<double> values, int width)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0)
        {
            return "";
        }

        int letters = Math.Min(width, finite.Length);
        double[] means = [.. Enumerable.Range(0, letters).Select(i => finite[(i * finite.Length / letters)..((i + 1) * finite.Length / letters)].Average())];
        (double low, double high) = (means.Min(), means.Max());
        return string.Concat(means.Select(mean => Levels[high > low ? (int)Math.Round((mean - low) / (high - low) * (Levels.Length - 1)) : 0]));
    }

    private static IEnumerable<string> Lines(WatchedRun run)
    {
        if (run.Target is not { } target)
        {
            yield return "no record yet";
            yield break;
        }

        long total = run.Blocks.Sum(block => block.Clock);
        yield return string.Create(CultureInfo.InvariantCulture, $"{total}/{target * run.Blocks.Count} block steps{(run.StepsPerSecond is { } rate && run.Outcome is null ? $", {rate:0.0} a second" : "")}");
        if (run.Epoch is { } epoch)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}  test accuracy {run.Accuracy[^1]:0.00%} {Sparkline(run.Accuracies, CurveWidth)}  by depth {string.Join(' ', run.Accuracy.Select(value => (100 * value).ToString("0.0", CultureInfo.InvariantCulture)))}");
        }

        if (run.Leads.Count > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"staleness  lead in the mean {string.Join(' ', run.Leads.Select(lead => lead.Mean.ToString("0.0", CultureInfo.InvariantCulture)))}, at most {run.Leads.Max(lead => lead.Max)}");
        }

        if (run.Policies.Count > 0)
        {
            yield return $"policy {run.Policies.GetValueOrDefault("blocks", "?")}, placement {run.Policies.GetValueOrDefault("placement", "?")}, visit {run.Policies.GetValueOrDefault("visit", "?")}";
        }
    }

    private static Text Text(string text) => new(text);
}
