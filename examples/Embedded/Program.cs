using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;

// The newest checkpoint of a run answers, and every newer one from when it is there.
await using InferenceService service = await InferenceService.OpenAsync(args[0]);
IInference inference = service;

// An image of the model's size, from 0 to PixelMax: here a vertical stroke.
InferenceModel model = inference.Model;
float[] image = new float[model.Shape.Pixels];
for (int y = 0; y < model.Shape.Height; y++)
{
    image[(y * model.Shape.Width) + (model.Shape.Width / 2)] = model.PixelMax;
}

try
{
    using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
    Prediction answer = await inference.PredictAsync(new PredictionRequest(image) { Seed = 7, Trace = true }, patience.Token);
    foreach (TracePoint point in answer.Images[0].Trace)
    {
        Console.WriteLine($"after block {point.Block}: nearest to {model.ClassNames[point.Nearest]}");
    }

    Console.WriteLine($"class {model.ClassNames[answer.Images[0].Class]}, answered by versions {string.Join(", ", answer.Blocks.Select(block => block.Version))}");
}
catch (PredictionException e) when (e.Problem is PredictionProblem.Busy or PredictionProblem.NotReady)
{
    Console.Error.WriteLine($"ask again later: {e.Message}");
}
