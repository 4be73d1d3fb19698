using System.CommandLine;
using System.CommandLine.Parsing;
using NoProp.Models;

namespace NoProp.Host.Commands;

/// <summary>What is wrong with a command line, in the words of the user and not of the parser.</summary>
internal static class ParseErrors
{
    /// <summary>One line for the first fault.</summary>
    public static string Explain(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [string token, ..])
        {
            return Unknown(token, command);
        }

        ParseError first = parsed.Errors[0];
        return first.SymbolResult switch
        {
            // The parser does not say which ones there are.
            CommandResult when command.Action is null => $"name a command: {string.Join(", ", Verbs(command))}",
            // The parser would name the .NET type.
            OptionResult { Tokens: [Token value, ..] } option when IsNumber(option.Option.ValueType) => $"{option.Option.Name} {value.Value}: must be a whole number in range",
            _ => first.Message.TrimEnd('.'),
        };
    }

    private static string Unknown(string token, Command command)
    {
        (string kind, IEnumerable<string> known) = token.StartsWith('-')
            ? ("option", command.Options.Select(option => option.Name))
            : command.Subcommands.Count > 0 ? ("command", Verbs(command)) : ("argument", []);
        return $"unknown {kind} '{token}'" + (Nearest.Of(token, [.. known]) is { } nearest ? $": did you mean '{nearest}'?" : $"; see noprop {Verb(command)}--help");
    }

    private static IEnumerable<string> Verbs(Command command) => command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name);

    /// <summary>The command as it is written, with a space behind it.</summary>
    private static string Verb(Command command) =>
        command is RootCommand ? "" : Verb(command.Parents.OfType<Command>().First()) + $"{command.Name} ";

    private static bool IsNumber(Type type) => Nullable.GetUnderlyingType(type) is { IsPrimitive: true } number && number != typeof(bool);
}
