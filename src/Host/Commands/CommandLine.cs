using System.CommandLine;
using System.Runtime.InteropServices;
using NoProp.Actors.Hosting;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary>The <c>noprop</c> command: its verbs, its exit codes, and what a user sees of an error.</summary>
internal static class CommandLine
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>It went wrong.</summary>
    public const int Failure = 1;

    /// <summary>It was asked for in a way that makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Stopped = 130;

    /// <summary>Runs one command.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not System.CommandLine.Help.HelpAction)
        {
            return Report(ParseErrors.Explain(parsed), Usage);
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (SettingsException e)
        {
            return Report(e.Message, Usage);
        }
        catch (NoPropException e)
        {
            return Report(e.Message, Failure);
        }
        catch (OperationCanceledException)
        {
            return Report("stopped", Stopped);
        }
    }

    /// <summary>A token that Ctrl-C or SIGTERM cancels; the second time ends the process at once.</summary>
    public static CancellationTokenSource StopSignals(out IDisposable registration)
    {
        CancellationTokenSource source = new();
        void Handle(PosixSignalContext context)
        {
            context.Cancel = !source.IsCancellationRequested;
            source.Cancel();
        }

        PosixSignalRegistration[] signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
        registration = new Registrations(signals);
        return source;
    }

    /// <summary>All verbs.</summary>
    internal static RootCommand Root() => new("Trains neural networks without back-propagation through the whole network: NoProp, block by block, on actors.")
    {
        TrainCommand.Create(),
        EvaluateCommand.Create(),
        PredictCommand.Create(),
        ServeCommand.Create(),
        WatchCommand.Create(),
        DataCommand.Create(),
        DoctorCommand.Create(),
        ReproduceCommand.Create(),
        StudyCommand.Create(),
        PolicyCommand.Create(),
        SimulateCommand.Create(),
        ReplayCommand.Create(),
        VerifyCommand.Create(),
        ForkCommand.Create(),
        ReportCommand.Create(),
        NodeCommand.Create(),
        StatusCommand.CreateStatus(),
        StatusCommand.CreateExplain(),
        StatusCommand.CreateDrain(),
        StatusCommand.CreateStop(),
    };

    private static int Report(string message, int exitCode)
    {
        Terminal.Error.MarkupLineInterpolated($"[red]error:[/] {message}");
        return exitCode;
    }

    private sealed class Registrations(PosixSignalRegistration[] signals) : IDisposable
    {
        public void Dispose() => Array.ForEach(signals, signal => signal.Dispose());
    }
}
