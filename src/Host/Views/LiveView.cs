using System.Globalization;
using NoProp.Actors.Protocol;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NoProp.Host.Views;

/// <summary>Progress as a table that is redrawn in place: a row for each block, the newest epochs below.</summary>
internal static class LiveView
{
    private const int EpochLines = 6;
    private const int IncidentLines = 3;
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    /// <summary>Redraws until the training is over.</summary>
    public static Task FollowAsync(IAnsiConsole console, TrainingProgress progress, Task<RunEnded> training, CancellationToken stop) =>
        console.Live(Render(progress.Read(), stopping: false)).StartAsync(async live =>
        {
            bool over;
            do
            {
                over = await Task.WhenAny(training, Task.Delay(Refresh, CancellationToken.None)) == training;
                live.UpdateTarget(Render(progress.Read(), stop.IsCancellationRequested && !over));
                live.Refresh();
            }
            while (!over);
        });

    /// <summary>The table of one moment.</summary>
    internal static IRenderable Render(ProgressSnapshot now, bool stopping)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("block");
        table.AddColumn("progress");
        foreach (string column in (string[])["steps", "loss", "error", "lead", "steps/s"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        for (int i = 0; i < now.Blocks.Count; i++)
        {
            BlockLine block = now.Blocks[i];
            table.AddRow(
                Text(block.Name.Length > 0 ? block.Name : (i + 1).ToString(CultureInfo.InvariantCulture)),
                new BreakdownChart()
                    .Width(24)
                    .HideTags()
                    .AddItem("", block.Clock, Color.Green)
                    .AddItem("", Math.Max((now.Started?.Target ?? 1) - block.Clock, 0), Color.Grey23),
                Text($"{block.Clock}"),
                Text(Number(block.Loss)),
                Text(Number(block.SquaredError)),
                Text($"{block.Lead}"),
                Text(block.StepsPerSecond.ToString("0.0", CultureInfo.InvariantCulture)));
        }

        return new Rows((IRenderable[])
        [
            table,
            .. now.Epochs.TakeLast(EpochLines).Select(epoch => Text(ProgressText.Epoch(epoch, now))),
            .. now.Incidents.TakeLast(IncidentLines).Select(incident => new Text($"note: {incident}", new Style(Color.Yellow))),
            Text(now.Started is null ? "starting" : ProgressText.Status(now)),
            new Text(stopping ? "stopping after the steps in progress; Ctrl-C again to end at once" : "Ctrl-C stops, and --resume goes on", new Style(Color.Grey)),
        ]);
    }

    private static Text Text(string text) => new(text);

    private static string Number(float value) => float.IsNaN(value) ? "-" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
