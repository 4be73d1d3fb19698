using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary>The two consoles: results go to standard output, everything about them to standard error.</summary>
internal static class Terminal
{
    // A line stays a line where the output is no terminal: nobody wraps it for a file.
    private const int UnwrappedWidth = 1_000;

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error.</summary>
    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether a live display makes sense.</summary>
    public static bool IsLive => !Console.IsOutputRedirected && Out.Profile.Capabilities.Ansi;

    /// <summary>Waits for something, and says for what where somebody looks: a file of errors gets nothing but errors.</summary>
    public static Task<T> WaitAsync<T>(string what, Func<Task<T>> action) =>
        Console.IsErrorRedirected ? action() : Error.Status().StartAsync(what, _ => action());

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (redirected)
        {
            console.Profile.Width = UnwrappedWidth;
        }

        return console;
    }
}
