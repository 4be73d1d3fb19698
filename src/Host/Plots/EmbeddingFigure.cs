using NoProp.Models.Data;
using ScottPlot;
using SkiaSharp;

namespace NoProp.Host.Plots;

/// <summary>The class embeddings W before and after training (the paper's Figure 3).</summary>
internal static class EmbeddingFigure
{
    private const int Width = 1100;
    private const int PanelHeight = 420;
    private const int ImagesInARow = 20;
    private const int SmallestSide = 2;

    // Of a unit square; the rest is for the name and the gap.
    private const double TileSide = 0.8;

    /// <summary>Draws W: as images where d is the number of pixels, else as a heat map with a row for each class.</summary>
    /// <param name="before">W [m, d] in rows, before training; null where it is not known.</param>
    /// <param name="after">W [m, d] in rows, after training.</param>
    /// <param name="classes">Names of the m classes.</param>
    /// <param name="shape">Size of the data set's images.</param>
    /// <returns>A PNG.</returns>
    /// <exception cref="ArgumentException">The two are not of one size, or not of m rows.</exception>
    public static byte[] Draw(float[]? before, float[] after, IReadOnlyList<string> classes, ImageShape shape)
    {
        if (after.Length == 0 || after.Length % classes.Count != 0 || (before is not null && before.Length != after.Length))
        {
            throw new ArgumentException($"{before?.Length ?? after.Length} and {after.Length} values are not two matrices of {classes.Count} rows");
        }

        // One scale for both, so that what training changed is what differs.
        float[] all = [.. before ?? [], .. after];
        (float low, float high) = (all.Min(), all.Max());
        (string Title, float[] W)[] panels = [.. before is null ? [] : new[] { ("before training", before) }, ("after training", after)];
        Multiplot figure = new();
        figure.AddPlots(panels.Length);
        for (int i = 0; i < panels.Length; i++)
        {
            Plot plot = figure.GetPlot(i);
            if (after.Length / classes.Count == shape.Pixels && Math.Min(shape.Height, shape.Width) >= SmallestSide)
            {
                DrawImages(plot, panels[i].W, classes, shape, low, high);
            }
            else
            {
                DrawHeatmap(plot, panels[i].W, classes, low, high);
            }

            plot.Title($"Class embeddings {panels[i].Title}");
        }

        return figure.Render(Width, PanelHeight * panels.Length).GetImageBytes();
    }

    private static void DrawImages(Plot plot, float[] w, IReadOnlyList<string> classes, ImageShape shape, float low, float high)
    {
        int columns = Math.Min(classes.Count, ImagesInARow);
        for (int y = 0; y < classes.Count; y++)
        {
            using SKBitmap bitmap = ToBitmap(w.AsSpan(y * shape.Pixels, shape.Pixels), shape, low, high);
            using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
            (int column, int row) = (y % columns, -(y / columns));
            double unit = TileSide / Math.Max(shape.Height, shape.Width);
            plot.Add.ImageRect(new Image(png.ToArray()), new CoordinateRect(column, column + unit * shape.Width, row, row + unit * shape.Height));
            ScottPlot.Plottables.Text name = plot.Add.Text(classes[y], column + TileSide / 2, row + TileSide);
            name.LabelAlignment = Alignment.LowerCenter;
            name.LabelFontSize = columns > 10 ? 9 : 12;
        }

        plot.Axes.SetLimits(0, columns, -((classes.Count - 1) / columns), 1.05);
        plot.Axes.SquareUnits();
        plot.HideAxesAndGrid();
    }

    private static SKBitmap ToBitmap(ReadOnlySpan<float> pixels, ImageShape shape, float low, float high)
    {
        // Enlarged by whole factors, or a renderer would blur the pixels.
        int zoom = Math.Max(1, 128 / Math.Max(shape.Height, shape.Width));
        SKBitmap bitmap = new(shape.Width * zoom, shape.Height * zoom);
        for (int y = 0; y < bitmap.Height; y++)
        {
            for (int x = 0; x < bitmap.Width; x++)
            {
                int place = y / zoom * shape.Width + x / zoom;
                byte first = Level(pixels[place], low, high);
                bitmap.SetPixel(x, y, shape.Channels == 3
                    ? new SKColor(first, Level(pixels[place + shape.Height * shape.Width], low, high), Level(pixels[place + 2 * shape.Height * shape.Width], low, high))
                    : new SKColor(first, first, first));
            }
        }

        return bitmap;
    }

    private static byte Level(float value, float low, float high) => high > low ? (byte)Math.Round(255 * (value - low) / (high - low)) : (byte)0;

    private static void DrawHeatmap(Plot plot, float[] w, IReadOnlyList<string> classes, float low, float high)
    {
        int size = w.Length / classes.Count;
        double[,] values = new double[classes.Count, size];
        for (int i = 0; i < w.Length; i++)
        {
            values[i / size, i % size] = w[i];
        }

        ScottPlot.Plottables.Heatmap map = plot.Add.Heatmap(values);
        map.ManualRange = new ScottPlot.Range(low, high);
        plot.Add.ColorBar(map);
        plot.Axes.Left.SetTicks([.. classes.Select((_, y) => (double)(classes.Count - 1 - y))], [.. classes]);
        plot.XLabel("dimension");
        plot.Axes.SetLimits(-0.5, size - 0.5, -0.5, classes.Count - 0.5);
    }
}
