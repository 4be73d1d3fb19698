using System.CommandLine;
using System.Globalization;
using System.Text;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Host.Images;
using NoProp.Host.Serving;
using Spectre.Console;

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
        Option<bool> json = new("--json") { Description = "Write the whole answer as JSON, as noprop serve gives it, with what z looked like on the way" };
        RunOptions options = new();
        Command command = new("predict", "Say what images show: class and probabilities") { run, images, invert, json };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using TrainedRun trained = options.Open(parsed, parsed.GetValue(run)!);
            string[] paths = parsed.GetValue(images)!;
            float[] pixels = [.. paths.SelectMany(path => ImageFile.Read(path, trained.Dataset.Shape, trained.Dataset.PixelMax, parsed.GetValue(invert)))];
            await using InferenceService service = await InferenceService.StartAsync(trained.Loaded, trained.Method, trained.Dataset);
            service.Publish([.. trained.Checkpoint.Snapshots]);
            Prediction answer = await service.PredictAsync(
                new PredictionRequest(pixels)
                {
                    Seed = options.Seed(parsed, trained),
                    Samples = options.Samples(parsed, trained),
                    Stochastic = options.Stochastic(parsed, trained),
                    Trace = parsed.GetValue(json),
                },
                cancellation);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(Encoding.UTF8.GetString(PredictAnswer.Of(answer, service.Model).ToUtf8()));
                return CommandLine.Success;
            }

            foreach ((string path, ImagePrediction image) in paths.Zip(answer.Images))
            {
                Write(path, image, trained.Dataset.ClassNames);
            }

            return CommandLine.Success;
        });
        return command;
    }

    private static void Write(string path, ImagePrediction image, IReadOnlyList<string> names)
    {
        IReadOnlyList<float> probabilities = image.Probabilities;
        IEnumerable<int> classes = Enumerable.Range(0, probabilities.Count);
        IEnumerable<int> shown = probabilities.Count <= MostClasses ? classes : classes.OrderByDescending(y => probabilities[y]).Take(LikeliestClasses);
        string all = string.Join("  ", shown.Select(y => string.Create(CultureInfo.InvariantCulture, $"{names[y]} {probabilities[y]:0.000}")));
        Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{path}: [bold]{names[image.Class]}[/] ({probabilities[image.Class]:0.0%})  {all}");
    }
}
