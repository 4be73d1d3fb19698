using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using NoProp.Host.Commands;
using Xunit;

namespace NoProp.Host.Tests;

/// <summary>Commands that the README and the page on GPUs show are commands that exist.</summary>
public sealed partial class ReadmeTests
{
    public static TheoryData<string> Commands => [.. ShownIn("README.md").Concat(ShownIn("docs/gpu.md")).Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_that_is_shown_parses(string command)
    {
        ParseResult parsed = CommandLine.Root().Parse(CommandLineParser.SplitCommandLine(command).ToArray());

        Assert.Empty(parsed.Errors.Select(error => error.Message));
    }

    [Fact]
    public void The_README_shows_how_to_train()
    {
        Assert.Contains(ShownIn("README.md"), command => command.StartsWith("train", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dotnet run --project src/Host -- train --blocks 5 # quick", "train --blocks 5")]
    [InlineData("$ noprop evaluate runs/a --per-block", "evaluate runs/a --per-block")]
    [InlineData("noprop train \\\n  --epochs 3", "train --epochs 3")]
    public void A_shell_line_is_found(string line, string command)
    {
        Assert.Equal([command], Shown($"Text.\n\n```sh\n{line}\n```\n"));
    }

    [Fact]
    public void A_call_within_a_sentence_is_found()
    {
        Assert.Equal(["doctor"], Shown("Ask `noprop doctor`, a verb of `noprop`."));
    }

    [Theory]
    [InlineData("dotnet test -c Release")]
    [InlineData("cd noprop")]
    [InlineData("dotnet run --project tests/Benchmarks -- overhead")]
    public void A_shell_line_that_runs_something_else_is_left_out(string line)
    {
        Assert.Empty(Shown($"```sh\n{line}\n```\n"));
    }

    /// <summary>The arguments of every call of the command, in shell blocks and between backticks.</summary>
    internal static IEnumerable<string> Shown(string text) =>
        from Match code in Code().Matches(text.ReplaceLineEndings("\n"))
        from line in Continuation().Replace(code.Groups[1].Value + code.Groups[2].Value, " ").Split('\n')
        let call = Call().Match(line)
        where call.Success
        select call.Groups[1].Value.Trim();

    private static IEnumerable<string> ShownIn(string page) => Shown(File.ReadAllText(Path.Combine(Repository(), page)));

    internal static string Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "NoProp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("no folder above the tests holds NoProp.sln");
    }

    [GeneratedRegex("""^```(?:sh|bash|shell|console)\n(.*?)^```|`([^`\n]+)`""", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex("""\s*\\\n\s*""")]
    private static partial Regex Continuation();

    // A comment, a pipe, a redirection or another command ends the arguments.
    [GeneratedRegex("""^(?:\$ )?(?:dotnet run .*?--project src/Host .*?-- |(?:\./)?noprop )([^#|>;&]+)""")]
    private static partial Regex Call();
}
