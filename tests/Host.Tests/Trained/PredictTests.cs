using System.Globalization;
using System.Text.RegularExpressions;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using NoProp.Models.Data;
using Xunit;

namespace NoProp.Host.Tests.Trained;

/// <summary><c>noprop predict</c> on pictures that come from elsewhere.</summary>
[Collection(ProcessTests.Name)]
public sealed partial class PredictTests(DefaultRun run) : IDisposable
{
    private const int Images = 10;

    private readonly TempFolder folder = new();
    private readonly Dataset digits = Digits.Load();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Most_digits_are_read_rightly_from_pictures(bool darkOnBright)
    {
        string[] lines = await PredictAsync(darkOnBright, darkOnBright ? ["--invert"] : []);

        Assert.InRange(lines.Where((line, i) => Class(line) == Label(i)).Count(), Images - 1, Images);
    }

    [Fact]
    public async Task Pictures_that_are_dark_on_bright_need_to_be_inverted()
    {
        string[] lines = await PredictAsync(darkOnBright: true, []);

        Assert.InRange(lines.Where((line, i) => Class(line) == Label(i)).Count(), 0, Images / 2);
    }

    [Fact]
    public async Task Each_picture_gets_ten_probabilities_that_add_up_to_one()
    {
        string[] lines = await PredictAsync(darkOnBright: false, []);

        Assert.All(lines, line =>
        {
            double[] probabilities = [.. Probability().Matches(line).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
            Assert.Equal(10, probabilities.Length);
            Assert.Equal(1, probabilities.Sum(), tolerance: 0.006);
        });
    }

    [Fact]
    public async Task Nothing_but_the_answers_is_on_standard_output()
    {
        string[] lines = await PredictAsync(darkOnBright: false, []);

        Assert.Equal(Enumerable.Range(0, Images).Select(i => $"{i}.png"), lines.Select(line => line.Split(':')[0]));
    }

    [Fact]
    public async Task A_file_that_is_no_picture_is_named()
    {
        folder.Write("my.png", "hello"u8.ToArray());

        await AssertNamesAsync("my.png is no picture that can be read: use PNG or JPEG");
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        await AssertNamesAsync("there is no image my.png");
    }

    [Theory]
    [InlineData(8_193u)]
    [InlineData(100_000u)]
    [InlineData(2_000_000_000u)]
    public async Task A_file_that_claims_a_huge_picture_is_not_believed(uint side)
    {
        folder.Write("my.png", Pictures.Claiming(side));

        await AssertNamesAsync("my.png ");
    }

    [Fact]
    public async Task A_picture_that_is_too_large_is_named_with_its_size()
    {
        folder.Write("my.png", Pictures.Claiming(10_000));

        await AssertNamesAsync("my.png has 10000x10000 pixels: at most 8192 a side are read");
    }

    [Fact]
    public async Task A_truncated_picture_is_named()
    {
        folder.Write("my.png", Pictures.Noise(64)[..^6_000]);

        await AssertNamesAsync("my.png is damaged");
    }

    [Fact]
    public async Task One_bad_picture_among_good_ones_is_an_error_before_any_answer()
    {
        Pictures.WriteDigit(folder, "good.png", digits, 0, darkOnBright: false);

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "predict", await run.PathAsync(), "good.png", "my.png");

        Assert.Contains("my.png", result.SingleError(exitCode: 1), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    public void Dispose()
    {
        folder.Dispose();
        digits.Dispose();
    }

    private async Task AssertNamesAsync(string words)
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "predict", await run.PathAsync(), "my.png");

        Assert.Contains(words, result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    private async Task<string[]> PredictAsync(bool darkOnBright, string[] flags)
    {
        string[] names = [.. Enumerable.Range(0, Images).Select(i => $"{i}.png")];
        foreach ((int i, string name) in names.Index())
        {
            Pictures.WriteDigit(folder, name, digits, i, darkOnBright);
        }

        ProcessResult result = (await NopropProcess.RunAsync(folder.Path, ["predict", await run.PathAsync(), .. names, .. flags])).Succeeded();
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private string Label(int i) => digits.ClassNames[(int)digits.Test.Labels.data<long>()[i]];

    private static string Class(string line) => line.Split(' ')[1];

    // Each class by its name; the (97.1%) before them has no such shape.
    [GeneratedRegex("""\b\d (\d\.\d{3})\b""")]
    private static partial Regex Probability();
}
