namespace NoProp.Models.Replicas;

/// <summary>How replicas of a block are brought together.</summary>
/// <param name="Steps">H: a replica meets the others after every H-th step of an epoch, and at the epoch's end.</param>
public abstract record ReplicaRule(int Steps)
{
    /// <summary>Whether a replica goes on only when all others have come to the same step, so that the order in which they come does not matter.</summary>
    public abstract bool IsBarrier { get; }

    /// <summary>The first meeting after some steps, counted in a replica's own steps: it follows from the steps alone, whatever the length of the run.</summary>
    /// <param name="clock">Steps made.</param>
    /// <param name="stepsPerEpoch">Steps of each replica in an epoch.</param>
    public long NextMeeting(long clock, int stepsPerEpoch)
    {
        (long epoch, long step) = Math.DivRem(clock, stepsPerEpoch);
        return epoch * stepsPerEpoch + Math.Min((step / Steps + 1) * Steps, stepsPerEpoch);
    }

    /// <summary>Whether a replica that has made so many steps is due at a meeting.</summary>
    public bool MeetsAt(long clock, int stepsPerEpoch) => clock > 0 && NextMeeting(clock - 1, stepsPerEpoch) == clock;
}

/// <summary>
/// Local SGD (Stich 2019, "Local SGD converges fast and communicates little", algorithm 1; McMahan et al. 2017, federated averaging): every H
/// steps all replicas are set to their mean. The moments of their optimisers and their running statistics are averaged like the weights.
/// </summary>
/// <param name="Steps">H.</param>
public sealed record LocalSgd(int Steps) : ReplicaRule(Steps)
{
    /// <inheritdoc/>
    public override bool IsBarrier => true;
}

/// <summary>
/// Elastic averaging SGD (Zhang, Choromanska, LeCun 2015, "Deep learning with elastic averaging SGD", algorithm 1), asynchronous: every H of
/// its steps a replica x and the centre c are drawn to each other by alpha (x - c). Running statistics move like weights; each replica keeps
/// its own optimiser's moments, since the force is none of the gradients that those average.
/// </summary>
/// <param name="Alpha">alpha, 0 (replicas that know nothing of each other) to 1; null for 0.9 / R, the paper's beta = 0.9.</param>
/// <param name="Steps">H.</param>
public sealed record Easgd(double? Alpha, int Steps) : ReplicaRule(Steps)
{
    /// <summary>The paper's beta, R alpha.</summary>
    public const double UsualBeta = 0.9;

    /// <inheritdoc/>
    public override bool IsBarrier => false;
}

/// <summary>
/// Delayed Nesterov momentum (Liu et al. 2024, "Asynchronous local-SGD training for language modeling", algorithm 3 with c = 0), asynchronous:
/// after H steps a replica hands in g = start - end and begins anew from the centre. Each g moves the centre by its part at once, and the
/// momentum, delayed over a buffer of N = R arrivals, by their mean; see <see cref="ReplicaMath.DelayedNesterov"/>. Running statistics move
/// by 1 / N of the difference; each replica keeps its own optimiser's moments, as in the paper.
/// </summary>
/// <param name="Steps">H.</param>
/// <param name="Rate">epsilon, the outer learning rate; the paper's is 0.7.</param>
/// <param name="Momentum">
/// beta, 0 to below 1. In the long run the centre moves by epsilon / (1 - beta) times what replicas move, so that the paper's 0.9, made for
/// many thousands of steps, throws a short training off.
/// </param>
public sealed record DelayedNesterov(int Steps, double Rate = DelayedNesterov.UsualRate, double Momentum = DelayedNesterov.UsualMomentum) : ReplicaRule(Steps)
{
    /// <summary>epsilon where none is given.</summary>
    public const double UsualRate = 0.7;

    /// <summary>beta where none is given.</summary>
    public const double UsualMomentum = 0.5;

    /// <inheritdoc/>
    public override bool IsBarrier => false;
}
