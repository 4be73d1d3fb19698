using System.Collections.Concurrent;
using Hyperion;
using Hyperion.SerializerFactories;
using Hyperion.ValueSerializers;

namespace NoProp.Actors.Serialization;

/// <summary>Asked by Hyperion for every type that it meets, before it makes anything of it: those on the list get their serializer here, the others an error.</summary>
internal sealed class AllowedTypes(WireTypes types) : ValueSerializerFactory, ITypeFilter
{
    /// <inheritdoc/>
    public override bool CanSerialize(Serializer serializer, Type type) => types.Find(type) is not null ? true : throw WireException.OfForbidden(type.FullName ?? type.Name, "sent");

    /// <inheritdoc/>
    public override bool CanDeserialize(Serializer serializer, Type type) =>
        types.Find(type) is not null ? true : throw WireException.OfForbidden(type.FullName ?? type.Name, "received");

    /// <inheritdoc/>
    public override ValueSerializer BuildSerializer(Serializer serializer, Type type, ConcurrentDictionary<Type, ValueSerializer> typeMapping)
    {
        WireType known = types.Find(type)!;
        ObjectSerializer built = new(known.Type);
        if (!typeMapping.TryAdd(type, built))
        {
            return typeMapping[type];
        }

        if (known.Kind == WireKind.Fields)
        {
            serializer.CodeGenerator.BuildSerializer(serializer, built);
        }
        else if (!known.HasName)
        {
            // Fields can be declared so; values are of another type.
            built.Initialize(
                (_, _) => throw WireException.OfForbidden(known.Name, "received"),
                (_, _, _) => throw WireException.OfForbidden(known.Name, "sent"));
        }
        else
        {
            (ObjectWriter write, ObjectReader read) = WireCollections.For(known);
            built.Initialize(read, write);
        }

        return built;
    }

    /// <inheritdoc/>
    public bool IsAllowed(string typeName) => types.Named(typeName) is not null || types.All.Any(type => type.Type.AssemblyQualifiedName == typeName);
}
