namespace NoProp.Actors.Inference;

/// <summary>How far images pass the chain, and what is wanted of it.</summary>
/// <param name="Depth">Blocks that they pass; null for all.</param>
/// <param name="StopAt">Probability of some class at which an image is answered; the chain ends when each image has had it. Null for never.</param>
/// <param name="Steps">Steps of a network that makes many by itself; null for its settings'.</param>
/// <param name="Trace">Whether what z looks like on the way is wanted.</param>
/// <param name="LastOnly">Whether the probabilities after the last block passed are enough.</param>
public sealed record ChainOptions(int? Depth = null, double? StopAt = null, int? Steps = null, bool Trace = false, bool LastOnly = false)
{
    /// <summary>Through all blocks, with the probabilities after each.</summary>
    public static ChainOptions Whole { get; } = new();
}

/// <summary>What z looks like at one place of the chain.</summary>
/// <param name="Block">After this block, 1..T.</param>
/// <param name="Step">After this step within it, from 1; null after the whole block.</param>
/// <param name="Probabilities">p_out(y | z) of every image: [n * m], row by row.</param>
/// <param name="Nearest">The class whose embedding is nearest to z, of every image.</param>
public sealed record ChainSight(int Block, int? Step, float[] Probabilities, long[] Nearest);
