using System.Collections.Immutable;
using System.Reflection;
using Akka.Actor;
using Hyperion;
using Hyperion.ValueSerializers;

namespace NoProp.Actors.Serialization;

/// <summary>How a value travels.</summary>
internal enum WireKind
{
    /// <summary>Field by field: records, enumerations, tuples, times.</summary>
    Fields,

    /// <summary>A base of records: what travels is one of them.</summary>
    Family,

    /// <summary>A value type or null.</summary>
    Maybe,

    /// <summary>A count and the elements.</summary>
    List,

    /// <summary>A count, keys and values.</summary>
    Map,

    /// <summary>Bytes beside the message.</summary>
    Bytes,

    /// <summary>Numbers beside the message, as little-endian float32.</summary>
    Floats,

    /// <summary>The path of an actor.</summary>
    Actor,
}

/// <summary>A type that may travel.</summary>
internal sealed class WireType
{
    private static readonly ImmutableHashSet<Type> Lists = [typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(IReadOnlyList<>)];
    private static readonly ImmutableHashSet<Type> Maps = [typeof(ImmutableDictionary<,>), typeof(IReadOnlyDictionary<,>)];

    private WireType(Type type, WireKind kind)
    {
        (Type, Kind) = (type, kind);
        Fields = kind == WireKind.Fields ? [.. WireTypes.Fields(type)] : [];
        Arguments = kind is WireKind.List or WireKind.Map or WireKind.Maybe ? [.. type.GetGenericArguments()] : [];
        Name = NameOf(type);
    }

    public Type Type { get; }

    public WireKind Kind { get; }

    /// <summary>Name as Hyperion writes it.</summary>
    public string Name { get; }

    public ImmutableArray<FieldInfo> Fields { get; }

    /// <summary>Types of elements, or of keys and values.</summary>
    public ImmutableArray<Type> Arguments { get; }

    /// <summary>Whether a value can say that it is of this type.</summary>
    public bool HasName => Kind is not (WireKind.Family or WireKind.Maybe);

    /// <summary>Everything that two nodes must see alike.</summary>
    public string Shape => $"{Name}: {string.Join(", ", Fields.Select(each => $"{each.Name} {each.FieldType}"))}{Members}";

    /// <summary>Whether values of another type travel as this one.</summary>
    public bool StandsFor(Type other) => Type.IsInterface && Type.IsAssignableFrom(other);

    public static WireType Of(Type type) => new(type, KindOf(type) ?? throw new ArgumentOutOfRangeException(nameof(type), type, "is no data"));

    /// <summary>How a type that is not a primitive one travels; null where it cannot.</summary>
    public static WireKind? KindOf(Type type)
    {
        Type open = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return type switch
        {
            _ when type == typeof(ReadOnlyMemory<byte>) => WireKind.Bytes,
            _ when type == typeof(ImmutableArray<float>) || type == typeof(float[]) => WireKind.Floats,
            _ when type == typeof(IActorRef) => WireKind.Actor,
            _ when open == typeof(Nullable<>) => WireKind.Maybe,
            _ when Lists.Contains(open) => WireKind.List,
            _ when Maps.Contains(open) => WireKind.Map,
            _ when type == typeof(TimeSpan) || (type.Namespace == "System" && open.Name.StartsWith("ValueTuple`", StringComparison.Ordinal)) => WireKind.Fields,
            _ when !WireTypes.IsOurs(type) => null,
            _ when type.IsValueType => WireKind.Fields,
            _ when !WireTypes.IsRecord(type) => null,
            _ => type.IsAbstract ? WireKind.Family : WireKind.Fields,
        };
    }

    private string Members => Type.IsEnum ? string.Join(", ", Enum.GetNames(Type)) : "";

    // Hyperion keeps the rule by which it shortens names to itself; this is what it writes.
    private static string NameOf(Type type)
    {
        using MemoryStream stream = new();
        new ObjectSerializer(type).WriteManifest(stream, new Serializer().GetSerializerSession());
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 5, (int)stream.Length - 5);
    }
}
