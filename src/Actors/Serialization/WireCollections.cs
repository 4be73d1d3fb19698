using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using Hyperion;
using Hyperion.ValueSerializers;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>
/// Reads and writes what Hyperion has no way for, or none that is bounded: collections (an <see cref="ImmutableArray{T}"/> can be its default), what is
/// attached, and actors.
/// </summary>
internal static class WireCollections
{
    /// <summary>Count of an array that is its default, and number of an attachment that is none.</summary>
    public const int Default = -1;

    /// <summary>How values of a type are written and read.</summary>
    public static (ObjectWriter Write, ObjectReader Read) For(WireType type) => type.Kind switch
    {
        WireKind.Bytes => (WriteBytes, (stream, _) => ((WireStream)stream).Attachment(ReadInt(stream))),
        WireKind.Floats when type.Type == typeof(float[]) => (WriteFloats, (stream, _) => ReadFloats(stream)),
        WireKind.Floats => (WriteFloats, (stream, _) => ImmutableCollectionsMarshal.AsImmutableArray(ReadFloats(stream))),
        WireKind.Actor => (WriteActor, ReadActor),
        WireKind.List => Elements(type, typeof(Lists<>)),
        WireKind.Map => Elements(type, typeof(Maps<,>)),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type.Kind, "travels by Hyperion's own means"),
    };

    private static void WriteBytes(Stream stream, object value, SerializerSession session) => WriteInt(stream, ((WireStream)stream).Attach((ReadOnlyMemory<byte>)value));

    private static void WriteFloats(Stream stream, object value, SerializerSession session)
    {
        float[]? floats = value as float[] ?? ImmutableCollectionsMarshal.AsArray((ImmutableArray<float>)value);
        WriteInt(stream, floats is null ? Default : ((WireStream)stream).Attach(MemoryMarshal.AsBytes(floats.AsSpan()).ToArray()));
    }

    private static float[] ReadFloats(Stream stream) => ReadInt(stream) is >= 0 and int index
        ? MemoryMarshal.Cast<byte, float>(((WireStream)stream).Attachment(index).Span).ToArray()
        : null!;

    private static void WriteActor(Stream stream, object value, SerializerSession session)
    {
        byte[] path = System.Text.Encoding.UTF8.GetBytes(AkkaSerialization.SerializedActorPath((IActorRef)value));
        stream.WriteByte(255);
        WriteInt(stream, path.Length);
        stream.Write(path);
    }

    private static object ReadActor(Stream stream, DeserializerSession session)
    {
        int length = stream.ReadByte();
        byte[] path = new byte[length == 255 ? ReadInt(stream) : Math.Max(length - 1, 0)];
        stream.ReadExactly(path);
        return ((WireStream)stream).System.Provider.ResolveActorRef(System.Text.Encoding.UTF8.GetString(path));
    }

    private static (ObjectWriter Write, ObjectReader Read) Elements(WireType type, Type open)
    {
        IElements elements = (IElements)Activator.CreateInstance(open.MakeGenericType([.. type.Arguments]))!;
        return (
            (stream, value, session) => elements.Write(value, count => WriteInt(stream, count), element => WriteValue(stream, element, session)),
            (stream, session) => elements.Read(type.Type, ReadInt(stream), () => session.Serializer.GetDeserializerByManifest(stream, session).ReadValue(stream, session)));
    }

    private static void WriteValue(Stream stream, object? value, SerializerSession session)
    {
        if (value is null)
        {
            stream.WriteByte(0);
            return;
        }

        ValueSerializer serializer = session.Serializer.GetSerializerByType(value.GetType());
        serializer.WriteManifest(stream, session);
        serializer.WriteValue(stream, value, session);
    }

    private static void WriteInt(Stream stream, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static int ReadInt(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        stream.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    private interface IElements
    {
        void Write(object collection, Action<int> count, Action<object?> next);

        object Read(Type type, int count, Func<object?> next);
    }

    private sealed class Lists<T> : IElements
    {
        public void Write(object collection, Action<int> count, Action<object?> next)
        {
            if (collection is ImmutableArray<T> { IsDefault: true })
            {
                count(Default);
                return;
            }

            IReadOnlyList<T> elements = (IReadOnlyList<T>)collection;
            count(elements.Count);
            foreach (T element in elements)
            {
                next(element);
            }
        }

        public object Read(Type type, int count, Func<object?> next)
        {
            if (count < 0)
            {
                return default(ImmutableArray<T>);
            }

            T[] elements = new T[count];
            for (int i = 0; i < count; i++)
            {
                elements[i] = (T)next()!;
            }

            return type == typeof(ImmutableList<T>) ? ImmutableList.Create(elements) : ImmutableCollectionsMarshal.AsImmutableArray(elements);
        }
    }

    private sealed class Maps<TKey, TValue> : IElements
        where TKey : notnull
    {
        public void Write(object collection, Action<int> count, Action<object?> next)
        {
            IReadOnlyDictionary<TKey, TValue> entries = (IReadOnlyDictionary<TKey, TValue>)collection;
            count(entries.Count);
            foreach ((TKey key, TValue value) in entries)
            {
                next(key);
                next(value);
            }
        }

        public object Read(Type type, int count, Func<object?> next)
        {
            ImmutableDictionary<TKey, TValue>.Builder entries = ImmutableDictionary.CreateBuilder<TKey, TValue>();
            for (int i = 0; i < count; i++)
            {
                TKey key = (TKey)next()!;
                entries[key] = (TValue)next()!;
            }

            return entries.ToImmutable();
        }
    }
}
