using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace NoProp.Host.Tests.Processes;

/// <summary>
/// One bash in which lines are run as somebody would who copies them out of a document, <c>noprop</c> being the built command. Whatever still runs at
/// the end is killed.
/// </summary>
internal sealed class ShellSession : IDisposable
{
    // For a few commands: far more than they need, so that only a hang meets it.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private int blocks;

    public ShellSession(string folder)
    {
        ProcessStartInfo start = new("bash", ["--noprofile", "--norc"])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PATH"] = AppContext.BaseDirectory + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        // Training wants code that is compiled once and well; commands that only ask something start in half the time without.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { } host)
        {
            start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(host);
        }

        process = Process.Start(start)!;
        process.StandardInput.WriteLine("exec 2>&1");
    }

    /// <summary>Runs some lines.</summary>
    /// <returns>What they and those in the background have written meanwhile.</returns>
    public async Task<string> RunAsync(string lines)
    {
        string end = string.Create(CultureInfo.InvariantCulture, $"end of block {++blocks}");
        await process.StandardInput.WriteLineAsync($"{lines}\necho '{end}'");
        await process.StandardInput.FlushAsync();
        StringBuilder output = new();
        using CancellationTokenSource deadline = new(Deadline);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line && line != end)
            {
                output.Append(line).Append('\n');
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"after {Deadline.TotalMinutes} minutes these lines had not ended:\n{lines}\nthey had written:\n{output}");
        }

        return output.ToString();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
    }
}
