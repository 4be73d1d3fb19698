using System.Net;
using System.Text.Json;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary>What cannot be answered is refused with a reason, and harms nobody.</summary>
public sealed class MalformedTests
{
    [Fact]
    public async Task Hundreds_of_malformed_requests_are_each_refused_with_a_reason()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        List<string> wrong = [];

        foreach (MalformedRequest request in new Malformed(run.Digits.Shape, run.Digits.PixelMax, run.Loaded.Settings.Serve.MaxImages, seed: 1).Take(320))
        {
            using HttpRequestMessage message = request.ToMessage();
            using HttpResponseMessage response = await run.Http.SendAsync(message);
            string text = await response.Content.ReadAsStringAsync();
            if ((int)response.StatusCode is < 400 or > 499 || response.Content.Headers.ContentType?.MediaType != "application/problem+json" || Detail(text).Length < 10)
            {
                wrong.Add($"{request.Kind}: {(int)response.StatusCode} {text}");
            }
        }

        Assert.Equal([], wrong);
        Assert.Equal(1, (await run.PredictAsync(ServedFolder.Content(run.Pixels(0, 1).Bytes, "application/octet-stream"))).GetProperty("images").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"images": [[[0,0],[0,0]]]}""", 400, "image 1 has 2x2 numbers: this model takes 8x8, or 64 in a row")]
    [InlineData("""{"images": []}""", 400, "there is no image")]
    [InlineData("""{"images": ["%"]}""", 400, "image 1 is a string that is no base64")]
    [InlineData("""{"sead": 3, "images": []}""", 400, "sead is not known: there are seed, samples,")]
    [InlineData("""{"seed": -3, "images": []}""", 400, "seed -3: must be a whole number from 0 to 18446744073709551615")]
    public async Task The_reason_says_what_was_wrong(string body, int status, string reason)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        (HttpStatusCode given, string detail) = await PostAsync(run, new MalformedRequest("", "application/json", System.Text.Encoding.UTF8.GetBytes(body)));

        Assert.Equal(status, (int)given);
        Assert.StartsWith(reason, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using ServedFolder run = await ServedFolder.StartAsync([.. ServedFolder.Of("dt"), "noprop.serve.max-body=2048"]);

        (HttpStatusCode status, string detail) = await PostAsync(run, new MalformedRequest("", "application/octet-stream", new byte[64 * 64]));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Equal("the body is larger than noprop.serve.max-body allows", detail);
    }

    [Fact]
    public async Task A_picture_that_is_too_large_is_refused_before_it_is_decoded()
    {
        await using ServedFolder run = await ServedFolder.StartAsync([.. ServedFolder.Of("dt"), "noprop.serve.max-side=32"]);

        (HttpStatusCode status, string detail) = await PostAsync(run, new MalformedRequest("", "image/png", Trained.Pictures.Claiming(33)));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "image 1 has 33x33 pixels: at most 32 a side are read"), (status, detail));
    }

    private static async Task<(HttpStatusCode Status, string Detail)> PostAsync(ServedFolder run, MalformedRequest request)
    {
        using HttpRequestMessage message = request.ToMessage();
        using HttpResponseMessage response = await run.Http.SendAsync(message);
        return (response.StatusCode, Detail(await response.Content.ReadAsStringAsync()));
    }

    private static string Detail(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text).GetProperty("detail").GetString() ?? "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
