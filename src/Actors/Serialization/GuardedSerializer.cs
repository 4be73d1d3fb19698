using System.Collections.Frozen;
using Akka.Actor;
using Akka.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>
/// Stands before one of Akka's own serializers. Sends as that one does, and takes from other nodes only what nodes of a cluster have to say to each
/// other: in untrusted mode Akka still lets a peer suspend, restart or kill any actor whose path it knows, makes exceptions of whatever type a
/// message names, and follows messages within messages until the stack is full.
/// </summary>
internal abstract class GuardedSerializer : SerializerWithStringManifest
{
    // A selection of an actor with a request for its identity with a number in it is the deepest there is.
    private const int Deepest = 3;

    private readonly Serializer guarded;
    private readonly FrozenDictionary<string, Type?> allowed;
    private readonly WireCounters counters;
    private readonly ThreadLocal<int> depth = new();

    /// <summary>A guard.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="identifier">Number of the serializer on the wire.</param>
    /// <param name="guarded">Does the work.</param>
    /// <param name="allowed">Manifests of the messages that may come in, each with its type where the serializer wants that in place of the manifest.</param>
    protected GuardedSerializer(ExtendedActorSystem system, int identifier, Serializer guarded, IEnumerable<(string Manifest, Type? Type)> allowed)
        : base(system)
    {
        (Identifier, this.guarded, counters) = (identifier, guarded, WireCounters.Of(system));
        this.allowed = allowed.ToFrozenDictionary(each => each.Manifest, each => each.Type, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override int Identifier { get; }

    /// <inheritdoc/>
    public override string Manifest(object o) => Akka.Serialization.Serialization.ManifestFor(guarded, o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => guarded.ToBinary(obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string? manifest)
    {
        // Remoting has null for a message without one.
        manifest ??= "";
        try
        {
            depth.Value++;
            if (!allowed.TryGetValue(manifest, out Type? type))
            {
                throw WireException.OfForbidden(Printable(manifest), "received");
            }

            if (depth.Value > Deepest)
            {
                throw new WireException($"messages are nested deeper than {Deepest} levels");
            }

            return guarded is SerializerWithStringManifest named ? named.FromBinary(bytes, manifest) : guarded.FromBinary(bytes, type!);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Counted once, where it comes out.
            if (depth.Value > 1)
            {
                throw;
            }

            WireException refusal = e as WireException ?? new WireException($"a message '{Printable(manifest)}' of {bytes.Length} bytes cannot be read: {e.Message.Split('\n')[0].Trim()}", e);
            counters.CountReceived(refusal);
            throw refusal;
        }
        finally
        {
            depth.Value--;
        }
    }

    /// <summary>Types as Akka writes them where it names a type in place of a manifest.</summary>
    protected static IEnumerable<(string Manifest, Type? Type)> Types(params IEnumerable<Type> types) =>
        types.Select(type => ($"{type.FullName}, {type.Assembly.GetName().Name}", (Type?)type));

    /// <summary>Manifests of a serializer that takes them as they are.</summary>
    protected static IEnumerable<(string Manifest, Type? Type)> Manifests(params IEnumerable<string> manifests) => manifests.Select(manifest => (manifest, (Type?)null));

    /// <summary>The beginning of what a peer has sent as a name, fit for a log.</summary>
    internal static string Printable(string manifest) => new([.. manifest.Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
}
