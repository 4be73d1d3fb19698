using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NoProp.Host.Tests.Trained;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary>The service of a run folder, over real connections.</summary>
public sealed class ServeTests
{
    [Fact]
    public async Task Every_form_of_the_same_pixels_gets_the_same_answer()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        (byte[] bytes, float[] numbers) = run.Pixels(3, 1);
        float[][] rows = [.. numbers.Chunk(8)];
        byte[] idx = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 8, .. bytes];

        JsonElement[] answers =
        [
            await run.PredictAsync(ServedFolder.Content(bytes, "application/octet-stream"), "?seed=1"),
            await run.PredictAsync(ServedFolder.Content(idx, "application/octet-stream"), "?seed=1"),
            await run.PredictAsync(ServedFolder.Json(new { images = new[] { numbers }, seed = 1 })),
            await run.PredictAsync(ServedFolder.Json(new { images = new[] { rows } }), "?seed=1"),
            await run.PredictAsync(ServedFolder.Json(new { images = new[] { new[] { rows } }, seed = 1 })),
            await run.PredictAsync(ServedFolder.Json(new { images = new[] { numbers.Select(value => value / 16) }, seed = 1, max = 1 })),
        ];

        Assert.All(answers, answer => Assert.Equal(ServedFolder.Probabilities(answers[0]), ServedFolder.Probabilities(answer)));
    }

    [Fact]
    public async Task Every_form_of_the_same_picture_gets_the_same_answer()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        Pictures.WriteDigit(run.Files, "a.png", run.Digits, 5, darkOnBright: false);
        Pictures.WriteDigit(run.Files, "b.png", run.Digits, 5, darkOnBright: true);
        byte[] picture = await File.ReadAllBytesAsync(run.Files["a.png"]);
        byte[] negative = await File.ReadAllBytesAsync(run.Files["b.png"]);
        string base64 = Convert.ToBase64String(picture);
        using MultipartFormDataContent form = new() { { ServedFolder.Content(picture, "image/png"), "image", "a.png" } };

        JsonElement[] answers =
        [
            await run.PredictAsync(ServedFolder.Content(picture, "image/png"), "?seed=1"),
            await run.PredictAsync(form, "?seed=1"),
            await run.PredictAsync(ServedFolder.Json(new { images = new[] { base64 }, seed = 1 })),
            await run.PredictAsync(ServedFolder.Json(new { images = new[] { $"data:image/png;base64,{base64}" }, seed = 1 })),
            await run.PredictAsync(ServedFolder.Content(negative, "image/png"), "?seed=1&invert=true"),
        ];

        Assert.All(answers, answer => Assert.Equal(ServedFolder.Probabilities(answers[0]), ServedFolder.Probabilities(answer)));
    }

    [Theory]
    [InlineData("dt", 3)]
    [InlineData("ct", 4)]
    [InlineData("fm", 4)]
    [InlineData("backprop", 3)]
    public async Task A_trace_has_a_point_for_each_block_or_step_and_ends_with_the_answer(string method, int points)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of(method));

        JsonElement answer = await run.PredictAsync(ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream"), "?seed=1&samples=2&trace=true");

        JsonElement trace = answer.GetProperty("images")[0].GetProperty("trace");
        Assert.Equal(points, trace.GetArrayLength());
        Assert.Equal(answer.GetProperty("images")[0].GetProperty("probabilities").GetRawText(), trace[points - 1].GetProperty("probabilities").GetRawText());
    }

    [Fact]
    public async Task The_chain_ends_at_the_depth_that_is_asked_for()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        JsonElement whole = await run.PredictAsync(ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream"), "?seed=1&trace=true");
        JsonElement answer = await run.PredictAsync(ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream"), "?seed=1&depth=2");

        Assert.Equal(2, answer.GetProperty("blocks").GetArrayLength());
        Assert.Equal(whole.GetProperty("images")[0].GetProperty("trace")[1].GetProperty("probabilities").GetRawText(), answer.GetProperty("images")[0].GetProperty("probabilities").GetRawText());
    }

    [Fact]
    public async Task An_image_is_answered_after_the_first_block_that_is_sure_enough()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        ByteArrayContent image = ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream");

        // Some class has at least a tenth after any block, and none is certain.
        JsonElement early = await run.PredictAsync(image, "?seed=1&stopAt=0.1");
        JsonElement late = await run.PredictAsync(image, "?seed=1&stopAt=1");

        Assert.Equal((1, 1), (early.GetProperty("images")[0].GetProperty("depth").GetInt32(), early.GetProperty("blocks").GetArrayLength()));
        Assert.Equal((3, 3), (late.GetProperty("images")[0].GetProperty("depth").GetInt32(), late.GetProperty("blocks").GetArrayLength()));
    }

    [Fact]
    public async Task Steps_change_what_a_continuous_network_answers()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("fm"));
        ByteArrayContent image = ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream");

        JsonElement usual = await run.PredictAsync(image, "?seed=1");
        JsonElement same = await run.PredictAsync(image, "?seed=1&steps=4");
        JsonElement more = await run.PredictAsync(image, "?seed=1&steps=9&trace=true");

        Assert.Equal(ServedFolder.Probabilities(usual), ServedFolder.Probabilities(same));
        Assert.NotEqual(ServedFolder.Probabilities(usual), ServedFolder.Probabilities(more));
        Assert.Equal(9, more.GetProperty("images")[0].GetProperty("trace").GetArrayLength());
    }

    [Fact]
    public async Task New_checkpoints_are_taken_over_while_requests_come_and_none_fails()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        byte[] image = run.Pixels(0, 1).Bytes;
        using CancellationTokenSource enough = new();
        Task<long[]>[] clients = [.. Enumerable.Range(0, 4).Select(_ => AskAsync())];

        for (int step = 2; step <= 5; step++)
        {
            run.Save(step);
            await VersionAsync(run, step);
        }

        await enough.CancelAsync();
        long[][] seen = await Task.WhenAll(clients);

        Assert.All(seen, versions => Assert.Equal(versions.Order(), versions));
        Assert.Contains(5, (await BlocksAsync(run)).Select(block => block.GetProperty("version").GetInt64()));

        async Task<long[]> AskAsync()
        {
            List<long> versions = [];
            while (!enough.IsCancellationRequested)
            {
                JsonElement answer = await run.PredictAsync(ServedFolder.Content(image, "application/octet-stream"));
                versions.Add(answer.GetProperty("blocks")[0].GetProperty("version").GetInt64());
            }

            return [.. versions];
        }
    }

    [Fact]
    public async Task A_run_without_a_checkpoint_is_not_ready_until_it_has_one()
    {
        await using ServedFolder run = await ServedFolder.StartUntrainedAsync(ServedFolder.Of("dt"));
        HttpResponseMessage before = await run.Http.GetAsync(new Uri("readyz", UriKind.Relative));
        HttpResponseMessage refused = await run.Http.PostAsync(
            new Uri("v1/predict", UriKind.Relative), ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream"));

        run.Save(1);
        await VersionAsync(run, 1);

        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK),
            (before.StatusCode, refused.StatusCode, (await run.Http.GetAsync(new Uri("readyz", UriKind.Relative))).StatusCode));
        Assert.Contains("no snapshot yet", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_model_says_what_it_is_and_what_a_request_may_have()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("ct"));

        JsonElement model = await run.Http.GetFromJsonAsync<JsonElement>("v1/model");

        Assert.Equal(
            """{"channels":1,"height":8,"width":8,"pixelMax":16} ct 1 4 1 true""",
            $"{model.GetProperty("image").GetRawText()} {model.GetProperty("method")} {model.GetProperty("blocks")} {model.GetProperty("steps")} {model.GetProperty("step")} {model.GetProperty("ready").GetRawText()}");
    }

    [Fact]
    public async Task The_interface_is_described_as_OpenAPI()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        JsonElement api = await run.Http.GetFromJsonAsync<JsonElement>("openapi/v1.json");

        Assert.Superset(
            new HashSet<string> { "/v1/predict", "/v1/model", "/v1/blocks", "/v1/metrics/stream", "/metrics", "/healthz", "/readyz" },
            api.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToHashSet());
    }

    [Fact]
    public async Task Prometheus_finds_the_answers_and_the_time_of_each_block()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        await run.PredictAsync(ServedFolder.Content(run.Pixels(0, 2).Bytes, "application/octet-stream"));

        string text = await run.Http.GetStringAsync(new Uri("metrics", UriKind.Relative));

        Assert.Matches("""noprop_inference_requests(_total)?\{.*outcome="answered".*\} 1\n""", text);
        Assert.Matches("""noprop_inference_images(_total)?(\{.*\})? 2\n""", text);
        Assert.Matches("""noprop_inference_block_batches(_total)?\{.*block="3".*\} 1\n""", text);
    }

    [Fact]
    public async Task Unknown_paths_are_refused_with_a_hint()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        HttpResponseMessage response = await run.Http.GetAsync(new Uri("v1/nothing", UriKind.Relative));

        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_page_of_another_name_cannot_ask_a_service_of_this_machine()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        using HttpRequestMessage request = new(HttpMethod.Get, "v1/model") { Headers = { Host = "example.org" } };

        Assert.Equal(HttpStatusCode.BadRequest, (await run.Http.SendAsync(request)).StatusCode);
    }

    internal static async Task VersionAsync(ServedFolder run, long version)
    {
        for (int i = 0; i < 400; i++)
        {
            if ((await BlocksAsync(run)).All(block => block.GetProperty("version") is { ValueKind: JsonValueKind.Number } number && number.GetInt64() == version))
            {
                return;
            }

            await Task.Delay(25);
        }

        Assert.Fail($"version {version} was not taken over");
    }

    private static async Task<IEnumerable<JsonElement>> BlocksAsync(ServedFolder run) =>
        (await run.Http.GetFromJsonAsync<JsonElement>("v1/blocks")).GetProperty("blocks").EnumerateArray();
}
