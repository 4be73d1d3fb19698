using System.Globalization;
using System.Text.Json.Nodes;
using NoProp.Actors.Recording;
using NoProp.Models.Checkpoints;
using ScottPlot;

namespace NoProp.Host.Plots;

/// <summary><c>curves.png</c>: error of every block and test accuracy over steps, from a run's metrics.</summary>
internal static class Curves
{
    private const int Width = 900;
    private const int Height = 900;

    /// <summary>Draws a run. Draws nothing where nothing was measured.</summary>
    /// <exception cref="NoProp.Models.NoPropException">The picture cannot be written.</exception>
    public static void Write(RunFolder folder)
    {
        ILookup<string, JsonObject> records = MetricsLog.Read(folder.Metrics).ToLookup(record => record["type"]!.GetValue<string>());
        if (!records["steps"].Any())
        {
            return;
        }

        Multiplot figure = new();
        figure.AddPlots(2);
        DrawErrors(figure.GetPlot(0), records["steps"]);
        DrawAccuracy(figure.GetPlot(1), [.. records["epoch"]]);
        AtomicFile.Write(folder.Curves, figure.Render(Width, Height).GetImageBytes());
    }

    private static void DrawErrors(Plot plot, IEnumerable<JsonObject> steps)
    {
        IGrouping<int, JsonObject>[] blocks = [.. steps.Where(step => step["replica"]?.GetValue<int>() is null or 1).GroupBy(step => step["block"]!.GetValue<int>()).OrderBy(block => block.Key)];
        Color[] colors = new ScottPlot.Colormaps.Viridis().GetColors(blocks.Length);
        foreach ((IGrouping<int, JsonObject> block, Color color) in blocks.Zip(colors))
        {
            JsonObject[] finite = [.. block.Where(step => Number(step, "squaredError") > 0)];
            plot.Add.ScatterLine(
                finite.Select(step => Number(step, "clock")).ToArray(),
                finite.Select(step => Math.Log10(Number(step, "squaredError"))).ToArray(),
                color).LegendText = $"block {block.Key}";
        }

        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            LabelFormatter = exponent => Math.Pow(10, exponent).ToString("0.#####", CultureInfo.InvariantCulture),
        };
        plot.Title("Squared error of each block's answer, training");
        plot.XLabel("steps of the block");
        plot.YLabel("mean ||u_hat - u_y||²");
        plot.ShowLegend(Edge.Right);
    }

    private static void DrawAccuracy(Plot plot, JsonObject[] tests)
    {
        plot.Add.Scatter(
            tests.Select(test => Number(test, "steps")).ToArray(),
            tests.Select(test => 100 * Number(test, "testAccuracy")).ToArray()).MarkerSize = 4;
        plot.Title("Accuracy of the whole chain, test set");
        plot.XLabel("steps of all blocks together");
        plot.YLabel("%");
    }

    /// <summary>A number, or NaN where it is missing or was no finite one.</summary>
    private static double Number(JsonObject record, string name) =>
        record[name] is JsonValue value && value.TryGetValue(out double number) ? number : double.NaN;
}
