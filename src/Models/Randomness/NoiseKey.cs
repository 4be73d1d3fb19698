namespace NoProp.Models.Randomness;

/// <summary>What a random number is for. Streams never share numbers.</summary>
public enum NoiseStream : uint
{
    /// <summary>Which image goes to which mini-batch.</summary>
    BatchOrder = 1,

    /// <summary>Initial weights.</summary>
    Weights = 2,

    /// <summary>z_{t-1} ~ q(z_{t-1} | y) in a block's training step.</summary>
    BlockInput = 3,

    /// <summary>z_T ~ q(z_T | y) in the head's training step.</summary>
    HeadInput = 4,

    /// <summary>Dropout masks.</summary>
    Dropout = 5,

    /// <summary>z_0 at inference.</summary>
    InferenceStart = 6,

    /// <summary>eps_t at stochastic inference.</summary>
    InferenceStep = 7,

    /// <summary>A policy's choice of the next block.</summary>
    Policy = 8,

    /// <summary>The fixed split of a data set that has none of its own.</summary>
    Split = 9,

    /// <summary>The initial label embedding W.</summary>
    Embedding = 10,

    /// <summary>t ~ U[0, 1] in a training step of continuous time.</summary>
    Time = 11,

    /// <summary>The noise around the path of flow matching, (10).</summary>
    FlowNoise = 12,

    /// <summary>Which images of a mini-batch are mirrored, and where they are cut.</summary>
    Augmentation = 13,

    /// <summary>Times and accidents of a simulated run.</summary>
    Simulation = 14,

    /// <summary>Which node a fault strikes.</summary>
    Faults = 15,
}

/// <summary>
/// The address of a sequence of random numbers: (seed, stream, block, step) names it, so it can be drawn anywhere, at any time and in any
/// order, and it is always the same.
/// </summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Stream">What the numbers are for.</param>
/// <param name="Block">Block t, or 0 where no block is meant.</param>
/// <param name="Step">Step of that block, or whatever else counts within the stream.</param>
public readonly record struct NoiseKey(ulong Seed, NoiseStream Stream, int Block = 0, long Step = 0);
