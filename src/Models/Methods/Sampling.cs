using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>How a network that makes many steps by itself makes them at inference.</summary>
/// <param name="Steps">Steps N from noise to label, at least 1; null for <see cref="TrainingSettings.InferenceSteps"/>. Without effect where the number is part of the network.</param>
/// <param name="Seen">Shown z, [batch, d], after each step, the last one too; keeps a copy of what it needs. Null where nobody looks.</param>
public sealed record Sampling(int? Steps = null, Action<Tensor>? Seen = null)
{
    /// <summary>As the settings have it, and nobody looks.</summary>
    public static Sampling Usual { get; } = new();
}
