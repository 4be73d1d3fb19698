using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace NoProp.Host.Tests.Page;

/// <summary>Headless Chromium. Every page that it opens keeps what it asks for and what goes wrong in it.</summary>
public sealed class Browser : IAsyncDisposable
{
    /// <summary>Where Debian has it.</summary>
    public const string Chromium = "/usr/bin/chromium";

    // Far more than a page needs on a slow machine.
    private const float Patience = 60_000;

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    /// <summary>Where pictures of pages go.</summary>
    public static string Screenshots { get; } = Path.Combine(AppContext.BaseDirectory, "screenshots");

    public static async Task<Browser> StartAsync()
    {
        IPlaywright playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"] }));
    }

    /// <summary>Opens a page in a profile of its own.</summary>
    public async Task<Tab> OpenAsync(Uri address, bool dark = false)
    {
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.NoPreference,
            ViewportSize = new ViewportSize { Width = 1280, Height = 860 },
        });
        context.SetDefaultTimeout(Patience);
        IPage page = await context.NewPageAsync();
        Tab tab = new(page, address);
        await page.GotoAsync(address.ToString());
        return tab;
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}

/// <summary>One page in the browser.</summary>
public sealed class Tab
{
    private readonly Uri own;
    private readonly ConcurrentQueue<string> problems = [];

    internal Tab(IPage page, Uri own)
    {
        (Page, this.own) = (page, own);
        Watch(page);
        page.Context.Page += (_, another) => Watch(another);
    }

    public IPage Page { get; }

    /// <summary>Chooses a view.</summary>
    public Task ShowAsync(string view) => Page.GetByRole(AriaRole.Navigation).GetByText(view, new() { Exact = true }).ClickAsync();

    /// <summary>Draws a line through points of the field, from 0 to 1, as a hand with a mouse does.</summary>
    public async Task DrawAsync(params (float X, float Y)[] points)
    {
        LocatorBoundingBoxResult field = (await Page.Locator("#pad").BoundingBoxAsync())!;
        (float X, float Y) At((float X, float Y) point) => (field.X + (point.X * field.Width), field.Y + (point.Y * field.Height));
        (float x, float y) = At(points[0]);
        await Page.Mouse.MoveAsync(x, y);
        await Page.Mouse.DownAsync();
        foreach ((float toX, float toY) in points.Skip(1).Select(At))
        {
            await Page.Mouse.MoveAsync(toX, toY, new MouseMoveOptions { Steps = 8 });
        }

        await Page.Mouse.UpAsync();
    }

    /// <summary>Text of the element with an id.</summary>
    public Task<string> TextAsync(string id) => Page.Locator($"#{id}").InnerTextAsync();

    /// <summary>Waits until a condition on the page holds.</summary>
    public Task UntilAsync(string condition) => Page.WaitForFunctionAsync(condition);

    /// <summary>Makes a picture of the whole page, once nothing in it moves.</summary>
    public async Task ScreenshotAsync(string name)
    {
        await Page.EvaluateAsync("() => scrollTo(0, 0)");
        await UntilAsync("() => document.getAnimations().length === 0");
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Browser.Screenshots, $"{name}.png"), FullPage = true });
    }

    /// <summary>Nothing has gone wrong in it, and nobody else was asked.</summary>
    public void IsClean() => Assert.Empty(problems);

    private void Watch(IPage page)
    {
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                problems.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => problems.Enqueue($"error: {error}");
        page.Request += (_, request) =>
        {
            Uri asked = new(request.Url);
            if (asked.Scheme is not ("data" or "blob") && asked.Authority != own.Authority)
            {
                problems.Enqueue($"asked {request.Url}");
            }
        };
    }
}
