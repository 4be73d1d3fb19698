using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using NoProp.Host.Page;
using NoProp.Host.Tests.Serving;
using Xunit;

namespace NoProp.Host.Tests.Page;

/// <summary>What the page is made of and asks for, without a browser.</summary>
public sealed partial class PageTests
{
    [Fact]
    public async Task Every_file_that_the_page_names_is_served_and_runs_nothing_but_this_services_own()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        Queue<string> asked = new(["/"]);
        HashSet<string> seen = ["/"];
        while (asked.TryDequeue(out string? path))
        {
            using HttpResponseMessage response = await run.Http.GetAsync(new Uri(path, UriKind.Relative));

            Assert.True(response.IsSuccessStatusCode, path);
            Assert.Equal(PageFiles.Policy, Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
            foreach (Match named in Named().Matches(await response.Content.ReadAsStringAsync()))
            {
                string file = $"/page/{named.Groups[1].Value}";
                if (seen.Add(file))
                {
                    asked.Enqueue(file);
                }
            }
        }

        // None is left that the page does not use.
        Assert.Equal(PageFiles.Names.Count, seen.Count);
    }

    [Fact]
    public void No_file_of_the_page_names_another_host()
    {
        const string SvgNamespace = "http://www.w3.org/2000/svg";

        Assert.All(PageFiles.Names, name => Assert.DoesNotMatch("https?://|//[a-z0-9-]+\\.[a-z]", Comment().Replace(PageFiles.Read(name).Replace(SvgNamespace, "", StringComparison.Ordinal), "")));
    }

    [Fact]
    public async Task The_policies_of_a_run_that_nobody_trains_are_shown_and_cannot_be_changed()
    {
        await using ServedFolder run = await ServedFolder.StartAsync([.. ServedFolder.Of("dt"), "noprop.policy.blocks=bounded:3"]);

        JsonElement shown = await run.Http.GetFromJsonAsync<JsonElement>(Policies);
        using HttpResponseMessage changed = await run.Http.PatchAsync(Policies, JsonContent.Create(new { blocks = "lockstep" }));

        Assert.False(shown.GetProperty("training").GetBoolean());
        Assert.Contains(shown.GetProperty("policies").EnumerateArray(), policy => policy.GetProperty("name").GetString() == "blocks" && policy.GetProperty("value").GetString() == "bounded:3");
        Assert.Equal(HttpStatusCode.Conflict, changed.StatusCode);
        Assert.Contains("not in training", await DetailAsync(changed), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_origin_changes_nothing(string header, string value)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        foreach ((HttpMethod method, string path) in ((HttpMethod, string)[])[(HttpMethod.Patch, "v1/policies"), (HttpMethod.Post, "v1/runs/run/report")])
        {
            using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(new { blocks = "lockstep" }) };
            request.Headers.Add(header, value);

            using HttpResponseMessage response = await run.Http.SendAsync(request);

            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("text/plain", """{"blocks":"lockstep"}""", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/x-www-form-urlencoded", "blocks=lockstep", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", "", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "null", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "[1]", HttpStatusCode.BadRequest)]
    [InlineData("application/json", """{"blocks":null}""", HttpStatusCode.BadRequest)]
    [InlineData("application/json", """{"blocks":{}}""", HttpStatusCode.BadRequest)]
    public async Task A_change_that_is_none_is_explained(string type, string body, HttpStatusCode status)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        using HttpResponseMessage response = await run.Http.PatchAsync(Policies, ServedFolder.Content(System.Text.Encoding.UTF8.GetBytes(body), type));

        Assert.Equal(status, response.StatusCode);
        Assert.NotEmpty(await DetailAsync(response));
    }

    [Fact]
    public async Task A_report_is_made_of_a_run_in_the_folder_and_read_under_the_name_that_its_maker_is_told()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        File.WriteAllText(run.Run.Metrics, """{"type":"start","at":"2026-01-01T00:00:00Z","target":2,"batchesPerEpoch":2,"clocks":[0,0,0],"policies":{}}""" + "\n");

        JsonElement listed = await run.Http.GetFromJsonAsync<JsonElement>(new Uri("v1/runs", UriKind.Relative));
        using HttpResponseMessage made = await run.Http.PostAsJsonAsync(new Uri("v1/runs/run/report", UriKind.Relative), new { });
        string href = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("href").GetString()!;
        using HttpResponseMessage report = await run.Http.GetAsync(new Uri(href, UriKind.Relative));

        JsonElement only = Assert.Single(listed.GetProperty("runs").EnumerateArray());
        Assert.Equal(("run", true, "dt"), (only.GetProperty("name").GetString(), only.GetProperty("served").GetBoolean(), only.GetProperty("method").GetString()));
        Assert.Contains("<h1>Run run</h1>", await report.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("sandbox", Assert.Single(report.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other")]
    [InlineData("..")]
    [InlineData("%2e%2e")]
    [InlineData("..%2Frun")]
    public async Task No_report_is_made_of_what_is_not_in_the_folder(string name)
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));

        using HttpResponseMessage response = await run.Http.PostAsJsonAsync(new Uri($"v1/runs/{name}/report", UriKind.Relative), new { });

        Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed]);
        Assert.Empty(Directory.GetFiles(run.Files.Path, "report.html", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Damaged_runs_are_listed_for_what_they_are()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        Directory.CreateDirectory(run.Files["damaged"]);
        File.WriteAllText(run.Files["damaged/run.conf"], "noprop { blocks = ");
        File.WriteAllText(run.Files["damaged/metrics.jsonl"], "{\"type\":\"epoch\",\n\0\0\0\n{\"type\":\"throughput\"}\n");
        File.WriteAllText(run.Files["damaged/summary.json"], "{");

        JsonElement listed = await run.Http.GetFromJsonAsync<JsonElement>(new Uri("v1/runs", UriKind.Relative));

        JsonElement damaged = Assert.Single(listed.GetProperty("runs").EnumerateArray(), entry => entry.GetProperty("name").GetString() == "damaged");
        Assert.Equal("unfinished", damaged.GetProperty("state").GetString());
    }

    private static Uri Policies { get; } = new("v1/policies", UriKind.Relative);

    private static async Task<string> DetailAsync(HttpResponseMessage response) => (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!;

    [GeneratedRegex("""["'](?:/page/|\./)([a-z]+\.[a-z]+)["']""")]
    private static partial Regex Named();

    [GeneratedRegex("^//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
