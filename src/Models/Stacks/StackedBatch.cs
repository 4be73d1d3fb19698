using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Models.Stacks;

/// <summary>The mini-batches of several members side by side, on the device of the stack. Lives as long as the scope that it was made in.</summary>
/// <param name="Images">[batch, members * channels, h, w], or [batch, channels, h, w] where all members read the same mini-batch.</param>
/// <param name="Labels">int64 [members * batch], one member after the other.</param>
internal sealed record StackedBatch(Tensor Images, Tensor Labels)
{
    /// <summary>The mini-batches of some steps, all of one size.</summary>
    public static StackedBatch Of(IReadOnlyList<StackStep> steps, ComputeDevice device)
    {
        // Each goes to the device once, however many read it.
        Dictionary<long, (Tensor Images, Tensor Labels)> here = steps.Select(step => step.Batch).DistinctBy(batch => batch.Step)
            .ToDictionary(batch => batch.Step, batch => (batch.Images.OnDevice(device.Torch), batch.Labels.OnDevice(device.Torch)));
        Tensor labels = cat([.. steps.Select(step => here[step.Batch.Step].Labels)]);
        return new(
            here.Count == 1 ? here.Values.Single().Images : cat([.. steps.Select(step => here[step.Batch.Step].Images)], 1),
            labels);
    }
}
