using System.Globalization;
using Microsoft.Playwright;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Trained;
using NoProp.Models.Data;
using Xunit;

namespace NoProp.Host.Tests.Page;

/// <summary>The page of a run in training, as a person uses it in a browser.</summary>
public sealed class DashboardTests(DashboardInBrowser run) : IClassFixture<DashboardInBrowser>
{
    private const string Answered = "() => document.getElementById('depth').value === document.getElementById('depth').max && !document.getElementById('depth').disabled";

    [ChromiumFact]
    public async Task A_seven_that_is_drawn_with_the_mouse_is_read_as_a_seven()
    {
        Tab tab = await run.Browser.OpenAsync(run.Address);
        await ReadyAsync(tab);

        await DrawSevenAsync(tab);
        await tab.UntilAsync(Answered);
        await tab.ScreenshotAsync("ask-light");

        Assert.Equal("7", await tab.TextAsync("verdict"));
        tab.IsClean();
    }

    [ChromiumFact]
    public async Task The_depth_is_scrubbed_with_the_keyboard_and_the_bars_follow()
    {
        Tab tab = await run.Browser.OpenAsync(run.Address, dark: true);
        await ReadyAsync(tab);
        await DrawSevenAsync(tab);
        await tab.UntilAsync(Answered);
        string[] last = await BarsAsync(tab);

        await tab.Page.Locator("#depth").FocusAsync();
        await tab.Page.Keyboard.PressAsync("Home");
        string[] first = await BarsAsync(tab);
        await tab.Page.Keyboard.PressAsync("ArrowRight");
        string place = await tab.TextAsync("depth-text");
        await tab.ScreenshotAsync("ask-dark");

        Assert.Equal("2 of 6", place);
        Assert.NotEqual(last, first);
        Assert.Contains("after block 2", await tab.TextAsync("verdict-text"), StringComparison.Ordinal);
        tab.IsClean();
    }

    [ChromiumFact]
    public async Task A_picture_of_dark_strokes_on_a_bright_ground_is_read_without_a_mouse()
    {
        using TempFolder pictures = new();
        using Dataset digits = Models.Data.Digits.Load(64);
        Pictures.WriteDigit(pictures, "digit.png", digits, 5, darkOnBright: true);
        Tab tab = await run.Browser.OpenAsync(run.Address);
        await ReadyAsync(tab);

        await tab.Page.Locator("#file").SetInputFilesAsync(pictures["digit.png"]);
        await tab.UntilAsync(Answered);

        Assert.Equal(digits.Test.Labels[5].item<long>().ToString(CultureInfo.InvariantCulture), await tab.TextAsync("verdict"));
        tab.IsClean();
    }

    [ChromiumFact]
    public async Task A_policy_that_is_changed_on_the_page_is_in_the_records_of_the_run_and_among_what_has_happened()
    {
        Tab tab = await run.Browser.OpenAsync(run.Address);
        await ReadyAsync(tab);
        await tab.ShowAsync("Training");
        await tab.UntilAsync("() => document.querySelectorAll('#blocks tr').length === 6 && document.querySelectorAll('#accuracy .line').length === 6 && document.getElementById('policy-blocks')?.value");

        string other = await tab.Page.Locator("#policy-blocks").InputValueAsync() == "lockstep" ? "bounded:3" : "lockstep";
        await tab.Page.Locator("#policy-blocks").FillAsync(other);
        await tab.Page.Locator("#apply").ClickAsync();
        await tab.UntilAsync($"() => document.getElementById('events').textContent.includes('→ {other}')");
        await tab.ScreenshotAsync("training-light");

        Assert.Contains(File.ReadLines(run.Metrics), line => line.Contains("\"type\":\"policies\"", StringComparison.Ordinal) && line.Contains($"\"blocks\":\"{other}\"", StringComparison.Ordinal));
        tab.IsClean();
    }

    [ChromiumFact]
    public async Task A_policy_that_is_none_is_explained_on_the_page()
    {
        Tab tab = await run.Browser.OpenAsync(run.Address, dark: true);
        await ReadyAsync(tab);
        await tab.ShowAsync("Training");
        await tab.UntilAsync("() => document.getElementById('policy-blocks')?.value && document.querySelectorAll('#accuracy .line').length === 6");

        await tab.Page.Locator("#policy-blocks").FillAsync("lokstep");
        await tab.Page.Locator("#apply").ClickAsync();
        await tab.UntilAsync("() => document.getElementById('policy-note').textContent.includes('did you mean')");
        await tab.ScreenshotAsync("training-dark");

        Assert.Contains("lockstep", await tab.TextAsync("policy-note"), StringComparison.Ordinal);
    }

    [ChromiumFact]
    public async Task Two_runs_are_compared_and_a_report_is_made_and_opened()
    {
        Tab tab = await run.Browser.OpenAsync(run.Address);
        await ReadyAsync(tab);
        await tab.ShowAsync("Runs");
        await tab.Page.GetByLabel("Compare live").CheckAsync();
        await tab.Page.GetByLabel("Compare short").CheckAsync();
        await tab.ScreenshotAsync("runs-light");

        await tab.Page.GetByLabel("Make the report of short").ClickAsync();
        IPage report = await tab.Page.Context.RunAndWaitForPageAsync(() => tab.Page.GetByText("Open report").ClickAsync());
        await report.WaitForLoadStateAsync();

        Assert.Equal("Run short", await report.Locator("h1").InnerTextAsync());
        Assert.Equal(["Figure", "live", "short"], (await tab.Page.Locator("#compare-head th").AllInnerTextsAsync()).Order(StringComparer.Ordinal));
        tab.IsClean();
    }

    [ChromiumFact]
    public async Task The_page_can_be_used_on_a_small_screen_without_scrolling_sideways()
    {
        Tab tab = await run.Browser.OpenAsync(run.Address, dark: true);
        await ReadyAsync(tab);
        await tab.Page.SetViewportSizeAsync(390, 844);
        foreach (string view in (string[])["Ask", "Training", "Runs"])
        {
            await tab.ShowAsync(view);
            await tab.Page.Locator("h1:visible").WaitForAsync();

            Assert.True(await tab.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), view);
        }

        await tab.ScreenshotAsync("runs-dark-small");
        tab.IsClean();
    }

    // The page's stream makes the process look for checkpoints.
    private static async Task ReadyAsync(Tab tab) =>
        await tab.UntilAsync("async () => (await (await fetch('/v1/model')).json()).ready && document.getElementById('connection').dataset.state === 'live'");

    private static Task DrawSevenAsync(Tab tab) => tab.DrawAsync((0.27f, 0.24f), (0.5f, 0.21f), (0.72f, 0.23f), (0.6f, 0.45f), (0.5f, 0.64f), (0.43f, 0.84f));

    private static async Task<string[]> BarsAsync(Tab tab) => [.. await tab.Page.Locator("#bars .value").AllInnerTextsAsync()];
}
