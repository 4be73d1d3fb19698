using System.Text.Json;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Trained;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Host.Tests.Serving;

/// <summary>An answer over HTTP is that of a plain loop over the blocks, bit for bit, where a seed is given.</summary>
public sealed class ServeEqualityTests
{
    [Theory]
    [InlineData("dt", true)]
    [InlineData("dt", false)]
    [InlineData("ct", true)]
    [InlineData("ct", false)]
    [InlineData("fm", false)]
    [InlineData("backprop", false)]
    [InlineData("adjoint", false)]
    public async Task Probabilities_over_HTTP_are_those_of_a_plain_loop(string method, bool stochastic)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of(method));
        (byte[] bytes, _) = run.Pixels(0, 5);

        // Others ask at the same time.
        Task<JsonElement>[] crowd = [.. Enumerable.Range(0, 20).Select(i => run.PredictAsync(ServedFolder.Content(run.Pixels(i, 1).Bytes, "application/octet-stream")))];
        JsonElement answer = await run.PredictAsync(
            ServedFolder.Content(bytes, "application/octet-stream"), $"?seed=7&samples=2&stochastic={(stochastic ? "true" : "false")}");
        await Task.WhenAll(crowd);

        Assert.Equal(PlainSampler(run, run.Train(1), 5, new InferenceNoise(7, 0, stochastic), samples: 2), Enumerable.Range(0, 5).SelectMany(i => ServedFolder.Probabilities(answer, i)));
    }

    [Theory]
    [InlineData("dt")]
    [InlineData("ct")]
    [InlineData("fm")]
    public async Task Noprop_predict_gives_the_same_answer_to_the_same_pictures(string method)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of(method));
        string[] names = ["0.png", "1.png", "2.png"];
        using MultipartFormDataContent pictures = [];
        foreach ((int i, string name) in names.Index())
        {
            Pictures.WriteDigit(run.Files, name, run.Digits, i, darkOnBright: false);
            pictures.Add(ServedFolder.Content(await File.ReadAllBytesAsync(run.Files[name]), "image/png"), "image", name);
        }

        ProcessResult predicted = (await NopropProcess.RunAsync(
            run.Files.Path, new Dictionary<string, string> { ["DOTNET_TieredCompilation"] = "1" }, ["predict", "run", .. names, "--seed", "3", "--json"])).Succeeded();
        JsonElement served = await run.PredictAsync(pictures, "?seed=3&trace=true");

        JsonElement printed = JsonSerializer.Deserialize<JsonElement>(predicted.Output);
        Assert.Equal(printed.GetProperty("images").GetRawText(), served.GetProperty("images").GetRawText());
    }

    [Fact]
    public async Task Without_a_seed_a_request_that_shares_a_batch_gets_the_same_to_six_digits()
    {
        await using ServedFolder run = await ServedFolder.StartAsync([.. ServedFolder.Of("dt"), "noprop.inference.window=200ms"]);

        JsonElement[] together = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => run.PredictAsync(ServedFolder.Content(run.Pixels(i, 1).Bytes, "application/octet-stream"))));
        JsonElement alone = await run.PredictAsync(ServedFolder.Content(run.Pixels(7, 1).Bytes, "application/octet-stream"), "?seed=0");

        Assert.InRange(together[7].GetProperty("batch").GetInt32(), 2, 8);
        Assert.All(ServedFolder.Probabilities(together[7]).Zip(ServedFolder.Probabilities(alone)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    /// <summary>Mean over the draws, image after image.</summary>
    private static float[] PlainSampler(ServedFolder run, IReadOnlyList<Snapshot> snapshots, int count, InferenceNoise noise, int samples)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = run.Digits.Normalise(run.Digits.Test.Images.narrow(0, 0, count));
        using IClassifierCompute classifier = run.Method.CreateClassifier(snapshots[^1]);
        float[] mean = new float[count * run.Digits.Classes];
        for (int sample = 0; sample < samples; sample++)
        {
            InferenceNoise draw = noise with { Sample = sample };
            Tensor z = draw.Start(0, count, run.Method.EmbeddingSize);
            foreach (BlockId block in BlockId.UpTo(run.Method.Blocks))
            {
                using IDenoiserCompute denoiser = run.Method.CreateDenoiser(block, snapshots[block.Index], snapshots[^1]);
                z = denoiser.Denoise(images, z, step => draw.Step(step, 0, count, run.Method.EmbeddingSize));
            }

            foreach ((int i, float probability) in classifier.Probabilities(z).data<float>().ToArray().Index())
            {
                mean[i] += probability / samples;
            }
        }

        return mean;
    }
}
