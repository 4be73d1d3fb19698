namespace NoProp.Models.Training;

/// <summary>What a step of the head takes.</summary>
/// <param name="Gradient">What a step of a block asks; null where none has a part in it.</param>
/// <param name="OwnTerms">Whether the head's own terms have a part in it.</param>
public sealed record HeadStep(SharedGradient? Gradient = null, bool OwnTerms = true)
{
    /// <summary>Whether the gradient's part for W counts.</summary>
    public bool TakesEmbedding { get; init; } = true;

    /// <summary>Whether the gradient's part for the learned schedule counts.</summary>
    public bool TakesSchedule { get; init; } = true;

    /// <summary>Whether the learned schedule stays as it is.</summary>
    public bool FreezesSchedule { get; init; }

    /// <summary>Factor of the learning rate for W in this step, lr / (1 + lag)^a for example.</summary>
    public double EmbeddingRate { get; init; } = 1;

    /// <summary>lambda of g + lambda g * g * (W - W_pinned), * by element; 0 for none.</summary>
    public double Compensation { get; init; }

    /// <summary>The version that the gradient was computed with; needed for a compensation alone.</summary>
    public SharedVersion? Pinned { get; init; }

    /// <summary>The block whose copy of W is mixed with that of the gradient's block; where blocks keep copies, and null where none is.</summary>
    public BlockId? Partner { get; init; }
}

/// <summary>What a step of the head gave.</summary>
/// <param name="Loss">The head's own loss, for example the cross-entropy on z_T; 0 where it has none, or had no part in the step.</param>
/// <param name="EmbeddingMove">L2 norm of W's movement; 0 where W is fixed.</param>
public readonly record struct HeadStepResult(float Loss, float EmbeddingMove);
