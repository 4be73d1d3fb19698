using System.Collections.Immutable;
using System.Reflection;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>Makes the policy that a text names by its type: <c>type:My.Policies.RoundRobin</c> or <c>type:My.Policies.RoundRobin:3</c>.</summary>
internal static class PolicyTypes
{
    private const string Prefix = "type:";

    /// <summary>The policy; null where the text names no type.</summary>
    /// <param name="text">The setting.</param>
    /// <param name="assemblies">Assemblies that are searched before all others that are loaded.</param>
    /// <exception cref="NoPropException">There is no such type, it is no such policy, or it cannot be made.</exception>
    public static T? Find<T>(string text, ImmutableArray<Assembly> assemblies)
        where T : class
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string[] parts = text[Prefix.Length..].Split(':', 2);
        Type type = Locate<T>(text, parts[0], assemblies);
        if (!type.IsAssignableTo(typeof(T)) || !type.IsClass || type.IsAbstract || type.ContainsGenericParameters)
        {
            throw new NoPropException($"policy '{text}': {type.FullName} is no class that implements {typeof(T).Name}{Other<T>(type)}");
        }

        return (T)Make(text, type, parts.Length == 2 ? parts[1] : null);
    }

    private static Type Locate<T>(string text, string name, ImmutableArray<Assembly> assemblies)
    {
        Type[] found = TypesOf(assemblies, name);
        if (found.Length == 0)
        {
            found = TypesOf(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic), name);
        }

        return found switch
        {
            [Type only] => only,
            [] => throw new NoPropException(
                $"policy '{text}': no assembly that is loaded has a type '{name}'{Known<T>(assemblies)}; noprop.policy.assemblies names the files that are searched"),
            [Type one, Type two, ..] => throw new NoPropException(
                $"policy '{text}': both {one.Assembly.GetName().Name} and {two.Assembly.GetName().Name} have a type '{name}'; name one of them in noprop.policy.assemblies"),
        };
    }

    // What is no plain name would be read as a generic type, or one of another assembly.
    private static Type[] TypesOf(IEnumerable<Assembly> assemblies, string name) =>
        name.Length == 0 || name.Any(c => !char.IsLetterOrDigit(c) && c is not ('.' or '+' or '_'))
        ? []
        : [.. assemblies.Select(assembly => assembly.GetType(name, throwOnError: false)).OfType<Type>().Distinct()];

    private static string Known<T>(ImmutableArray<Assembly> assemblies)
    {
        string[] known;
        try
        {
            known = [.. assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => type.IsAssignableTo(typeof(T))).Select(type => type.FullName!)];
        }
        catch (Exception e) when (e is IOException or TypeLoadException or ReflectionTypeLoadException)
        {
            // A type that needs what is not there: it could be none of those that are meant.
            known = [];
        }

        return known.Length == 0 ? "" : $" ({typeof(T).Name} in those that are named: {string.Join(", ", known)})";
    }

    // Policies of blocks and of the embedding are named in two settings, which are easily taken for one another.
    private static string Other<T>(Type type) => (typeof(T) == typeof(IUpdatePolicy), type) switch
    {
        (true, _) when type.IsAssignableTo(typeof(ISharedPolicy)) => $"; it is an {nameof(ISharedPolicy)}, which belongs into noprop.policy.embedding",
        (false, _) when type.IsAssignableTo(typeof(IUpdatePolicy)) => $"; it is an {nameof(IUpdatePolicy)}, which belongs into noprop.policy.blocks",
        _ => "",
    };

    private static object Make(string text, Type type, string? argument)
    {
        ConstructorInfo? constructor = type.GetConstructor(argument is null ? [] : [typeof(string)]);
        if (constructor is null)
        {
            bool other = type.GetConstructor(argument is null ? [typeof(string)] : []) is not null;
            throw new NoPropException($"policy '{text}': " + (argument, other) switch
            {
                (null, true) => $"{type.Name} needs an argument, as in {Prefix}{type.FullName}:3",
                (_, true) => $"{type.Name} takes no argument, so leave ':{argument}' away",
                _ => $"{type.Name} needs a public constructor without parameters, or with one string",
            });
        }

        try
        {
            return constructor.Invoke(argument is null ? [] : [argument]);
        }
        catch (TargetInvocationException e)
        {
            throw new NoPropException($"policy '{text}' cannot be made: {(e.InnerException ?? e).Message.Split('\n')[0].Trim()}", e);
        }
    }
}
