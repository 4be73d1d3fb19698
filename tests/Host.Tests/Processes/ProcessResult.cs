using Xunit;

namespace NoProp.Host.Tests.Processes;

/// <summary>What a command left when it was over.</summary>
internal sealed record ProcessResult(string Command, int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The result of a command that must have worked.</summary>
    public ProcessResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"{this}");
        return this;
    }

    /// <summary>The one line of a command that must have failed in the way every command fails.</summary>
    public string SingleError(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {exitCode} is due: {this}");
        string line = ErrorLines.Length == 1 ? ErrorLines[0] : "";
        Assert.True(line.StartsWith("error: ", StringComparison.Ordinal), $"one line of error is due: {this}");
        Assert.DoesNotContain("   at ", Output + Error, StringComparison.Ordinal);
        return line;
    }

    public override string ToString() => $"`{Command}` ended with {ExitCode}\nstandard output:\n{Output}\nstandard error:\n{Error}";
}
