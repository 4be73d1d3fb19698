using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace NoProp.Actors.Serialization;

/// <summary>
/// Reads through a message as Hyperion would, without making anything of it: every type must be on the list and fit where it stands, and every
/// length must fit into the bytes that are there. What passes can be deserialised with no more memory than a few times its size.
/// </summary>
internal ref struct WireScan
{
    private const int Null = 0;
    private const int KnownName = 254;
    private const int NewName = 255;
    private const int LongestName = 1024;
    private const int Deepest = 32;

    private readonly WireTypes types;
    private readonly ReadOnlySpan<byte> bytes;
    private readonly ImmutableArray<ReadOnlyMemory<byte>> attachments;
    private readonly List<WireType> named = [];
    private int at;
    private int attached;

    private WireScan(WireTypes types, ReadOnlySpan<byte> bytes, ImmutableArray<ReadOnlyMemory<byte>> attachments)
    {
        this.types = types;
        this.bytes = bytes;
        this.attachments = attachments;
    }

    private readonly int Left => bytes.Length - at;

    /// <summary>Checks a message.</summary>
    /// <param name="types">What may travel.</param>
    /// <param name="bytes">The message proper.</param>
    /// <param name="attachments">What travels beside it.</param>
    /// <param name="direct">Whether it has come from another node as such, and not within a link.</param>
    /// <exception cref="WireException">It is none, or has no business here.</exception>
    public static void Check(WireTypes types, ReadOnlySpan<byte> bytes, ImmutableArray<ReadOnlyMemory<byte>> attachments, bool direct)
    {
        WireScan scan = new(types, bytes, attachments);
        WireType message = scan.ObjectType(scan.Byte());
        if (!types.Messages.Contains(message.Type))
        {
            throw WireException.OfForbidden(message.Name, "received as a message");
        }

        if (direct && !types.Direct.Contains(message.Type))
        {
            throw WireException.OfLinked(message.Type.Name);
        }

        scan.Body(message, 0);
        if (scan.Left > 0 || scan.attached < attachments.Length)
        {
            throw new WireException($"a message of {bytes.Length} bytes with {attachments.Length} attachments ends {scan.Left} bytes and {attachments.Length - scan.attached} attachments early");
        }
    }

    private void Value(Type expected, int depth)
    {
        int manifest = Byte();
        Type inner = Nullable.GetUnderlyingType(expected) ?? expected;
        if (manifest == Null)
        {
            if (expected.IsValueType && inner == expected)
            {
                throw new WireException($"null stands at byte {at - 1}, where {expected.Name} is wanted");
            }
        }
        else if (WirePrimitives.Find(manifest) is { } primitive)
        {
            Fits(primitive.Type, inner);
            Primitive(primitive);
        }
        else
        {
            WireType type = ObjectType(manifest);
            Fits(type.Type, inner);
            Body(type, depth + 1);
        }
    }

    private readonly void Fits(Type type, Type expected)
    {
        if (!expected.IsAssignableFrom(type))
        {
            throw new WireException($"a {type.Name} stands before byte {at}, where {expected.Name} is wanted");
        }
    }

    private WireType ObjectType(int manifest)
    {
        switch (manifest)
        {
            case NewName:
                int length = Length(Int32(), 1);
                if (length > LongestName)
                {
                    throw new WireException($"the name of a type has {length} bytes, more than {LongestName}");
                }

                string name = Encoding.UTF8.GetString(Take(length));
                named.Add(types.Named(name) ?? throw WireException.OfForbidden(Printable(name), "received"));
                return named[^1];
            case KnownName:
                int index = BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
                return index < named.Count ? named[index] : throw new WireException($"type number {index} is named, of {named.Count}");
            default:
                throw WireException.OfForbidden($"code {manifest} of Hyperion", "received");
        }
    }

    private void Body(WireType type, int depth)
    {
        if (depth > Deepest)
        {
            throw new WireException($"a message is nested deeper than {Deepest} levels");
        }

        switch (type.Kind)
        {
            case WireKind.Fields:
                foreach (System.Reflection.FieldInfo field in type.Fields)
                {
                    if (WirePrimitives.Find(field.FieldType) is { } primitive)
                    {
                        Primitive(primitive);
                    }
                    else
                    {
                        Value(field.FieldType, depth);
                    }
                }

                break;
            case WireKind.List or WireKind.Map:
                int count = Length(Int32(), type.Arguments.Length);
                for (int i = 0; i < count; i++)
                {
                    foreach (Type argument in type.Arguments)
                    {
                        Value(argument, depth);
                    }
                }

                break;
            case WireKind.Bytes or WireKind.Floats:
                Attachment(type.Kind == WireKind.Bytes ? 1 : sizeof(float));
                break;
            case WireKind.Actor:
                Text();
                break;
            default:
                throw WireException.OfForbidden(type.Name, "received");
        }
    }

    private void Attachment(int size)
    {
        int index = Int32();
        if (index == WireCollections.Default)
        {
            return;
        }

        if (index != attached || index >= attachments.Length || attachments[index].Length % size != 0)
        {
            throw new WireException($"attachment {index} is named, of {attachments.Length}, where number {attached} is next, in units of {size} bytes");
        }

        attached++;
    }

    private void Primitive(WirePrimitive primitive)
    {
        if (primitive.Size < 0)
        {
            Text();
        }
        else
        {
            Take(primitive.Size);
        }
    }

    private void Text()
    {
        int length = Byte();
        Take(length switch
        {
            0 => 0,
            255 => Length(Int32(), 1),
            _ => length - 1,
        });
    }

    // A collection that says how many follow; each of its elements takes at least so many bytes.
    private readonly int Length(int claimed, int each) => claimed >= WireCollections.Default && (long)claimed * each <= Left
        ? claimed
        : throw new WireException($"a length of {claimed} is claimed at byte {at}, where {Left} bytes are left");

    private int Byte() => Take(1)[0];

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Left)
        {
            throw new WireException($"{count} bytes are wanted at byte {at}, where {Left} are left: the message is cut off or altered");
        }

        at += count;
        return bytes.Slice(at - count, count);
    }

    private static string Printable(string name) => new([.. name.Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
}
