using System.Globalization;
using NoProp.Actors.Protocol;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary>The last lines of a command that has trained, wherever the run was.</summary>
internal static class Conclusion
{
    /// <summary>Says how a run has ended.</summary>
    /// <param name="ended">How.</param>
    /// <param name="work">What was done, in one line.</param>
    /// <param name="whenDone">What to do with a run that has reached its goal; null for nothing.</param>
    /// <param name="whenStopped">How to go on with one that was stopped; null for nothing.</param>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="NoPropException">The run has failed.</exception>
    public static int Write(RunEnded ended, string work, string? whenDone, string? whenStopped)
    {
        switch (ended.Outcome)
        {
            case RunOutcome.Completed:
                string accuracy = ended.Figures.TestAccuracyPerBlock is [.., double last] ? string.Create(CultureInfo.InvariantCulture, $"test accuracy {last:0.00%}, ") : "";
                Terminal.Out.MarkupLineInterpolated($"[green]done:[/] {accuracy}{work}");
                WriteLine(whenDone);
                return CommandLine.Success;
            case RunOutcome.Stopped:
                Terminal.Out.MarkupLineInterpolated($"[yellow]stopped:[/] {work}");
                WriteLine(whenStopped);
                return CommandLine.Stopped;
            default:
                throw new NoPropException($"the run ended early: {ended.Reason}");
        }
    }

    private static void WriteLine(string? line)
    {
        if (line is not null)
        {
            Terminal.Out.WriteLine(line);
        }
    }
}
