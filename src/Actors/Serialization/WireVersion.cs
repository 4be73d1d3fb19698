using System.Globalization;

namespace NoProp.Actors.Serialization;

/// <summary>What two nodes must have in common to understand each other.</summary>
/// <param name="Number">Version of the format; raised with every change of it.</param>
/// <param name="Shape">CRC-32C over the names and fields of all types that travel: two builds with one number may still differ in a message.</param>
public readonly record struct WireVersion(int Number, uint Shape)
{
    /// <summary>Version of this build.</summary>
    public static WireVersion Current { get; } = new(2, WireTypes.Protocol.Shape);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} (messages {Shape:x8})");
}
