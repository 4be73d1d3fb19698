using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace NoProp.Models.Training;

/// <summary>
/// What the blocks share (classifier, learned schedule, label embedding), at one version. Immutable: a block pins one version per step, so
/// that target, noise, output and classifier of the step all use the same values.
/// </summary>
/// <param name="Version">Steps of the head that led to it.</param>
/// <param name="Values">All shared parameters, flat.</param>
public sealed record SharedVersion(long Version, ImmutableArray<float> Values);

/// <summary>What a step of a block asks of the shared parameters. (Block, Step) is its identity: the head applies each once.</summary>
/// <param name="Block">The block.</param>
/// <param name="Step">Its step.</param>
/// <param name="Version">The version that the step was computed with.</param>
/// <param name="Values">Gradient of the step's loss by all shared parameters, flat.</param>
public sealed record SharedGradient(BlockId Block, long Step, long Version, ImmutableArray<float> Values)
{
    /// <summary>Mean of the values of several gradients, summed in their order in double precision.</summary>
    /// <param name="gradients">At least one, all of one length.</param>
    public static ImmutableArray<float> Mean(IReadOnlyList<SharedGradient> gradients)
    {
        float[] mean = new float[gradients[0].Values.Length];
        for (int i = 0; i < mean.Length; i++)
        {
            double sum = 0;
            foreach (SharedGradient gradient in gradients)
            {
                sum += gradient.Values[i];
            }

            mean[i] = (float)(sum / gradients.Count);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(mean);
    }
}
