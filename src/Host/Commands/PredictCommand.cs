using System.CommandLine;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Images;
using NoProp.Models.Methods;
using Spectre.Console;
using static TorchSharp.torch;

namespace NoProp.Host.Commands;

/// <summary><c>noprop predict</c>.</summary>
internal static class PredictCommand
{
    // Of more classes than these, a line shows only the likeliest.
    private const int MostClasses = 10;
    private const int LikeliestClasses = 5;

    public static Command Create()
    {
        Argument<string> run = new("run") { Description = "Run folder" };
        Argument<string[]> images = new("images") { Description = "PNG or JPEG files; scaled to the size of the training images", Arity = ArgumentArity.OneOrMore };
        Option<bool> invert = new("--invert") { Description = "For dark strokes on a bright ground: the usual digits are bright on dark" };
        RunOptions options = new();
        Command command = new("predict", "Say what images show: class and probabilities") { run, images, invert };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using TrainedRun trained = options.Open(parsed, parsed.GetValue(run)!);
            string[] paths = parsed.GetValue(images)!;
            using var scope = NewDisposeScope();
            Tensor pixels = cat([.. paths.Select(path => ImageFile.Read(path, trained.Dataset.Shape, trained.Dataset.PixelMax, parsed.GetValue(invert)))]);
            Tensor input = trained.Dataset.Normalise(pixels);
            await using InferenceSession session = await trained.StartAsync();
            int samples = options.Samples(parsed, trained);
            float[][] mean = [.. paths.Select(_ => new float[trained.Dataset.Classes])];
            for (int sample = 0; sample < samples; sample++)
            {
                Classified answer = await session.ClassifyAsync(new Classify(sample, input, 0, new InferenceNoise(options.Seed(parsed, trained), sample, options.Stochastic(parsed, trained))), cancellation);
                foreach ((float[] row, float[] sum) in answer.Probabilities[^1].Chunk(answer.Classes).Zip(mean))
                {
                    for (int y = 0; y < row.Length; y++)
                    {
                        sum[y] += row[y] / samples;
                    }
                }
            }

            foreach ((string path, float[] probabilities) in paths.Zip(mean))
            {
                Write(path, probabilities, trained.Dataset.ClassNames);
            }

            return CommandLine.Success;
        });
        return command;
    }

    private static void Write(string path, float[] probabilities, IReadOnlyList<string> names)
    {
        int best = Array.IndexOf(probabilities, probabilities.Max());
        IEnumerable<int> classes = Enumerable.Range(0, probabilities.Length);
        IEnumerable<int> shown = probabilities.Length <= MostClasses ? classes : classes.OrderByDescending(y => probabilities[y]).Take(LikeliestClasses);
        string all = string.Join("  ", shown.Select(y => string.Create(CultureInfo.InvariantCulture, $"{names[y]} {probabilities[y]:0.000}")));
        Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{path}: [bold]{names[best]}[/] ({probabilities[best]:0.0%})  {all}");
    }
}
