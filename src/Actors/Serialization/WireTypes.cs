using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Serialization;

/// <summary>
/// The types that may travel between nodes: the records of one namespace that are data through and through, and what they are made of. A message
/// that holds anything else (a tensor, a policy object, a delegate) is not one of them. Computed once; nobody keeps a list by hand.
/// </summary>
internal sealed class WireTypes
{
    private readonly Dictionary<Type, WireType> types = [];
    private readonly Dictionary<string, WireType> byName = new(StringComparer.Ordinal);

    private WireTypes(IEnumerable<Type> messages)
    {
        HashSet<Type> travelling = [];
        foreach (Type message in messages)
        {
            HashSet<Type> found = [];
            if (IsData(message, found))
            {
                travelling.Add(message);
                foreach (Type type in found)
                {
                    types.TryAdd(type, WireType.Of(type));
                }
            }
        }

        Messages = [.. travelling.OrderBy(type => type.FullName, StringComparer.Ordinal)];
        Direct = [.. Messages.Where(message => message.IsAssignableTo(typeof(INodeMessage)))];
        Bulk = [.. Messages.Where(message => IsBulk(message, []))];
        foreach (WireType type in types.Values.Where(type => type.HasName))
        {
            byName.Add(type.Name, type);
        }

        Shape = Crc32C.Append(0, Encoding.UTF8.GetBytes(string.Join('\n', types.Values.Select(type => type.Shape).Order(StringComparer.Ordinal))));
    }

    /// <summary>The messages of NoProp.Actors.Protocol.</summary>
    public static WireTypes Protocol { get; } = new(
        typeof(WireTypes).Assembly.GetTypes().Where(type => type.Namespace == "NoProp.Actors.Protocol" && type.IsClass && !type.IsAbstract && IsRecord(type)));

    /// <summary>Types that may be the message itself.</summary>
    public ImmutableHashSet<Type> Messages { get; }

    /// <summary>Those of them that are told to actors of other nodes; the others travel within links.</summary>
    public ImmutableHashSet<Type> Direct { get; }

    /// <summary>Those of them that can carry numbers or files of any size, beside the message proper.</summary>
    public ImmutableHashSet<Type> Bulk { get; }

    /// <summary>Checksum over names and fields of all.</summary>
    public uint Shape { get; }

    /// <summary>All of them.</summary>
    public IEnumerable<WireType> All => types.Values;

    /// <summary>The type with a name as Hyperion writes it; null where there is none.</summary>
    public WireType? Named(string name) => byName.GetValueOrDefault(name);

    /// <summary>How a value of some type travels; null where it may not.</summary>
    public WireType? Find(Type type) => types.GetValueOrDefault(type) ?? types.Values.FirstOrDefault(known => known.StandsFor(type));

    private static bool IsData(Type type, HashSet<Type> found)
    {
        if (WirePrimitives.Find(type) is not null || found.Contains(type))
        {
            return true;
        }

        found.Add(type);
        return WireType.KindOf(type) is { } kind && kind switch
        {
            WireKind.Fields => Fields(type).All(field => IsData(field.FieldType, found)),
            WireKind.Family => Family(type).All(member => IsData(member, found)),
            WireKind.List or WireKind.Map or WireKind.Maybe => type.GetGenericArguments().All(argument => IsData(argument, found)),
            _ => true,
        };
    }

    private static bool IsBulk(Type type, HashSet<Type> seen) => seen.Add(type) && WirePrimitives.Find(type) is null && WireType.KindOf(type) switch
    {
        WireKind.Bytes or WireKind.Floats => true,
        WireKind.Fields => Fields(type).Any(field => IsBulk(field.FieldType, seen)),
        WireKind.Family => Family(type).Any(member => IsBulk(member, seen)),
        WireKind.List or WireKind.Map or WireKind.Maybe => type.GetGenericArguments().Any(argument => IsBulk(argument, seen)),
        _ => false,
    };

    /// <summary>The fields that Hyperion writes, in its order.</summary>
    internal static FieldInfo[] Fields(Type type)
    {
        List<FieldInfo> fields = [];
        for (Type? at = type; at is not null; at = at.BaseType)
        {
            fields.AddRange(at.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public));
        }

        return [.. fields.OrderBy(field => field.Name, StringComparer.Ordinal)];
    }

    internal static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    internal static bool IsOurs(Type type) => type.Assembly == typeof(WireTypes).Assembly || type.Assembly == typeof(BlockId).Assembly;

    private static IEnumerable<Type> Family(Type type) => type.Assembly.GetTypes().Where(other => other.IsSubclassOf(type) && !other.IsAbstract);
}
