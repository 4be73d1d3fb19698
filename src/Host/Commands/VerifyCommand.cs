using System.CommandLine;
using NoProp.Host.Replaying;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop verify</c>.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> a = new("a") { Description = "Run folder" };
        Argument<string> b = new("b") { Description = "Another one, for example a copy or a second training with the same settings" };
        Command command = new("verify", "Compare two runs: settings, the order in which shared parameters were moved, weights; ends with 1 where they differ or a file is damaged")
        {
            a, b,
        };
        command.SetAction(parsed =>
        {
            IReadOnlyList<Comparison> found = RunComparison.Compare(parsed.GetValue(a)!, parsed.GetValue(b)!);
            Grid grid = new();
            grid.AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap()).AddColumn();
            foreach (Comparison comparison in found)
            {
                grid.AddRow(new Text(comparison.Name), new Markup(comparison.Same ? "[green]same[/]" : "[red]differs[/]"), new Text(comparison.Finding));
            }

            Terminal.Out.Write(grid);
            return found.All(comparison => comparison.Same) ? CommandLine.Success : CommandLine.Failure;
        });
        return command;
    }
}
