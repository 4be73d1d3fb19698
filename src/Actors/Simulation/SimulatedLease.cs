using NoProp.Actors.Training;

namespace NoProp.Actors.Simulation;

/// <summary>A lease in the hands of a simulated worker.</summary>
/// <param name="lease">The lease.</param>
/// <param name="life">Which life of its worker it belongs to.</param>
/// <param name="granted">When it was granted.</param>
internal sealed class SimulatedLease(Lease lease, int life, TimeSpan granted)
{
    public Lease Lease => lease;

    public int Life => life;

    public TimeSpan Granted { get; } = granted;

    /// <summary>Steps made.</summary>
    public long Done { get; set; }

    /// <summary>The step that comes next.</summary>
    public long NextStep => lease.Steps.From + Done;

    /// <summary>Whether the trainer still counts on it.</summary>
    public bool Valid { get; set; } = true;

    /// <summary>Whether the holder was asked to stop.</summary>
    public bool Truncated { get; set; }

    /// <summary>Whether a step is under way.</summary>
    public bool Computing { get; set; }

    /// <summary>Whether what is done is on its way to the trainer.</summary>
    public bool Committing { get; set; }

    /// <summary>The version of the shared parameters in use.</summary>
    public long Version { get; set; }

    /// <summary>Steps that may still be made with it.</summary>
    public int VersionFor { get; set; }

    /// <summary>The last sign of life.</summary>
    public TimeSpan Sign { get; set; } = granted;
}

/// <summary>A simulated worker.</summary>
/// <param name="name">Its name.</param>
/// <param name="slots">Blocks that it trains at once.</param>
/// <param name="slowness">How many times as long as the fastest it needs for a step.</param>
internal sealed class SimulatedWorker(string name, int slots, double slowness)
{
    public string Name => name;

    public int Slots => slots;

    public double Slowness => slowness;

    /// <summary>Counts its lives: what an earlier one had begun is lost.</summary>
    public int Life { get; set; }

    public bool Alive { get; set; }

    /// <summary>Until when it stands still.</summary>
    public TimeSpan StalledUntil { get; set; }

    /// <summary>Since when it is there.</summary>
    public TimeSpan Since { get; set; }

    /// <summary>Time that it was there, up to its last death.</summary>
    public TimeSpan AliveTime { get; set; }
}
