using System.Xml.Linq;
using NoProp.Actors.Hosting;
using NoProp.Host.Report;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Report;

public sealed class ReportFileTests : IDisposable
{
    private static readonly DateTime Now = new(2026, 1, 2, 3, 4, 5);

    private readonly TempFolder folder = new();

    [Fact]
    public void The_page_of_a_run_is_whole_and_asks_for_nothing_from_anywhere()
    {
        XElement page = Write([Make("run", RecordedRuns.Whole)]);

        Assert.Equal("Run run", page.Descendants("h1").Single().Value);
        Assert.NotEmpty(page.Descendants("img"));
        Assert.All(page.Descendants("img"), image => Assert.StartsWith("data:image/png;base64,", image.Attribute("src")!.Value, StringComparison.Ordinal));
        Assert.DoesNotContain(page.DescendantsAndSelf(), element => element.Name.LocalName is "script" or "link" or "iframe" || element.Attributes().Any(IsAddress));
        Assert.DoesNotContain("url(", page.Descendants("style").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_with_everything_has_every_figure_beside_the_page()
    {
        string run = Make("run", RecordedRuns.Whole);

        IReadOnlyList<string> files = ReportFile.Write([run], null, Now).Files;

        Assert.Equal(
            ["report.html", .. new[] { "accuracy", "error", "depth", "staleness", "movement", "cosine", "time", "throughput" }.Select(id => $"report-{id}.png")],
            files.Select(Path.GetFileName));
        Assert.All(files, file => Assert.Equal(run, Path.GetDirectoryName(file)));
        Assert.All(files.Skip(1), file => Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(file)[..4]));
    }

    [Fact]
    public void Every_figure_has_a_caption_and_every_table_too()
    {
        XElement page = Write([Make("run", RecordedRuns.Whole)]);

        Assert.All(page.Descendants("figure"), figure => Assert.NotEmpty(figure.Element("figcaption")!.Value));
        Assert.All(page.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
    }

    [Fact]
    public void Names_and_causes_are_text_and_never_markup()
    {
        XElement page = Write([Make("<b>&'run", RecordedRuns.Whole)]);

        Assert.Equal("Run <b>&'run", page.Descendants("h1").Single().Value);
        Assert.Contains(page.Descendants("td"), cell => cell.Value == "block 1 began again: <boom> & \"bang\"");
        Assert.Empty(page.Descendants("b"));
    }

    [Fact]
    public void Incidents_are_counted_and_told()
    {
        XElement table = Write([Make("run", RecordedRuns.Whole)]).Descendants("table").Single(table => table.Element("caption")!.Value == "Incidents");

        // Restarts, revoked leases, refused commits, no replay, rejected and repeated gradients of two blocks, switches.
        Assert.Equal(["1", "1", "1", "0", "4", "0", "1"], table.Element("tbody")!.Descendants("td").Select(cell => cell.Value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_run_that_is_only_begun_gives_what_there_is(int records)
    {
        XElement page = Write([Make("run", RecordedRuns.Whole.Take(records))]);

        Assert.NotEmpty(page.Descendants("li"));
    }

    [Fact]
    public void A_run_of_an_earlier_version_beside_a_new_one_is_compared_in_what_both_have()
    {
        XElement page = Write([Make("old", RecordedRuns.Old), Make("new", RecordedRuns.Whole)], "report.html");

        Assert.Equal("2 runs in comparison", page.Descendants("h1").Single().Value);
        Assert.Equal(["old", "new"], page.Descendants("table").First().Element("tbody")!.Elements("tr").Select(row => row.Element("th")!.Value));
        Assert.Contains(page.Descendants("p"), paragraph => paragraph.Value == "What is not there of old:");
    }

    [Fact]
    public void The_pictures_take_their_names_from_the_page()
    {
        string page = folder["somewhere/mine.html"];

        IReadOnlyList<string> files = ReportFile.Write([Make("run", RecordedRuns.Old)], page, Now).Files;

        Assert.Equal([page, folder["somewhere/mine-accuracy.png"]], files.Take(2));
    }

    [Fact]
    public void A_page_that_is_no_html_file_is_refused() => Assert.Equal(
        "--out report.txt: must end in .html", Assert.Throws<SettingsException>(() => ReportFile.Write([Make("run", [])], "report.txt", Now)).Message);

    [Fact]
    public void A_run_is_not_compared_with_itself()
    {
        string run = Make("run", []);

        Assert.Equal($"{run} is named twice", Assert.Throws<SettingsException>(() => ReportFile.Write([run, run + "/"], null, Now)).Message);
    }

    public void Dispose() => folder.Dispose();

    private static bool IsAddress(XAttribute attribute) =>
        attribute.Name.LocalName is "href" or "srcset" || (attribute.Name.LocalName == "src" && !attribute.Value.StartsWith("data:", StringComparison.Ordinal));

    private string Make(string name, IEnumerable<string> metrics) => RecordedRuns.Make(folder, name, metrics);

    private XElement Write(IReadOnlyList<string> runs, string? output = null)
    {
        IReadOnlyList<string> files = ReportFile.Write(runs, output is null ? null : folder[output], Now).Files;
        return XDocument.Parse(File.ReadAllText(files[0])).Root!;
    }
}
