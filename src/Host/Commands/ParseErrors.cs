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
            CommandResult when command.Action is null => $"name a command: {string.Join(", ", command.Subcommands.Select(verb => verb.Name))}",
            // The parser would name the .NET type.
            OptionResult { Tokens: [Token value, ..] } option when IsNumber(option.Option.ValueType) => $"{option.Option.Name} {value.Value}: must be a whole number in range",
            _ => first.Message.TrimEnd('.'),
        };
    }

    private static string Unknown(string token, Command command)
    {
        (string kind, IEnumerable<string> known) = token.StartsWith('-')
            ? ("option", command.Options.Select(option => option.Name))
            : command.Subcommands.Count > 0 ? ("command", command.Subcommands.Select(verb => verb.Name)) : ("argument", []);
        return $"unknown {kind} '{token}'" + (Nearest.Of(token, [.. known]) is { } nearest ? $": did you mean '{nearest}'?" : $"; see noprop {Verb(command)}--help");
    }

    private static string Verb(Command command) => command is RootCommand ? "" : $"{command.Name} ";

    private static bool IsNumber(Type type) => Nullable.GetUnderlyingType(type) is { IsPrimitive: true } number && number != typeof(bool);
}
