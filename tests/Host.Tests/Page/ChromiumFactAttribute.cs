using Xunit;

namespace NoProp.Host.Tests.Page;

/// <summary>A test in a browser, left out where there is none: nothing is downloaded for it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        if (!File.Exists(Browser.Chromium))
        {
            Skip = $"there is no {Browser.Chromium}: install Debian's chromium to test the page in a browser";
        }
    }
}
