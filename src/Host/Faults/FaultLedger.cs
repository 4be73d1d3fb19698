using NoProp.Actors.Protocol;

namespace NoProp.Host.Faults;

/// <summary>What the events of a run say about its steps: how many are committed, and how many were lost by going back to a checkpoint.</summary>
internal sealed class FaultLedger
{
    private long[] clocks = [];

    /// <summary>Committed block steps.</summary>
    public long Committed { get; private set; }

    /// <summary>Committed steps that a trainer which took over had to let be made again.</summary>
    public long RolledBack { get; private set; }

    /// <summary>Steps that no commit had, though a later one of the same block was taken.</summary>
    public long Lost { get; private set; }

    /// <summary>Steps that two commits had which were both taken, other than by going back to a checkpoint.</summary>
    public long Twice { get; private set; }

    /// <summary>How often the run began or went on.</summary>
    public int Starts { get; private set; }

    /// <summary>Takes an event in.</summary>
    public void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted started:
                RolledBack += Math.Max(0, Committed - started.Clocks.Sum());
                clocks = [.. started.Clocks];
                Starts++;
                break;
            case StepsTrained trained when trained.Block.Index < clocks.Length:
                long gap = trained.Steps.From - clocks[trained.Block.Index];
                Lost += Math.Max(0, gap);
                Twice += Math.Max(0, -gap);
                clocks[trained.Block.Index] = trained.Steps.To;
                break;
        }

        Committed = clocks.Sum();
    }
}
