using System.Collections.Frozen;

namespace NoProp.Actors.Serialization;

/// <summary>A type that Hyperion marks with one byte.</summary>
/// <param name="Type">The type.</param>
/// <param name="Manifest">The byte.</param>
/// <param name="Size">Bytes of a value; -1 for text, which says its own length.</param>
internal sealed record WirePrimitive(Type Type, byte Manifest, int Size);

/// <summary>Those of Hyperion's primitive types that may travel. Its codes for objects of any type, types and references are not among them.</summary>
internal static class WirePrimitives
{
    private static readonly WirePrimitive[] All =
    [
        new(typeof(long), 2, 8), new(typeof(short), 3, 2), new(typeof(byte), 4, 1), new(typeof(DateTime), 5, 9), new(typeof(bool), 6, 1), new(typeof(string), 7, -1),
        new(typeof(int), 8, 4), new(typeof(Guid), 11, 16), new(typeof(float), 12, 4), new(typeof(double), 13, 8), new(typeof(ushort), 17, 2), new(typeof(uint), 18, 4),
        new(typeof(ulong), 19, 8),
    ];

    private static readonly FrozenDictionary<Type, WirePrimitive> ByType = All.ToFrozenDictionary(primitive => primitive.Type);
    private static readonly FrozenDictionary<int, WirePrimitive> ByManifest = All.ToFrozenDictionary(primitive => (int)primitive.Manifest);

    public static WirePrimitive? Find(Type type) => ByType.GetValueOrDefault(type);

    public static WirePrimitive? Find(int manifest) => ByManifest.GetValueOrDefault(manifest);
}
