using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Models.Data;

namespace NoProp.Actors.Protocol;

// Nodes of a cluster, those who use it, and the run's singleton.

/// <summary>Worker node to singleton: these slots are there. Repeated until there is a run for them.</summary>
/// <param name="Worker">Name of the worker, of its own in the cluster.</param>
/// <param name="Slots">Blocks that it trains at once.</param>
/// <param name="Version">Version of its software.</param>
public sealed record OfferSlots(string Worker, int Slots, string Version) : INodeMessage;

/// <summary>Singleton to worker node: train this run.</summary>
/// <param name="Run">Its name.</param>
/// <param name="Settings">Its settings as HOCON.</param>
/// <param name="Links">Accepts the link to its trainer.</param>
/// <param name="Data">The data that it is trained on.</param>
public sealed record JoinRun(string Run, string Settings, IActorRef Links, DataDescription Data) : INodeMessage;

/// <summary>To the singleton: train this. Answered with <see cref="RunAccepted"/>, <see cref="RunQueued"/> or <see cref="RunRefused"/>.</summary>
/// <param name="Settings">The run's settings as HOCON.</param>
/// <param name="Name">Name of the run's folder below the trainers' folder of runs; null for one of the time.</param>
public sealed record SubmitRun(string Settings, string? Name) : INodeMessage;

/// <summary>To the singleton: go on with a run that was stopped. Answered like <see cref="SubmitRun"/>.</summary>
/// <param name="Changes">Settings that change, as PATH=VALUE.</param>
/// <param name="Name">Its name; null for the newest one.</param>
public sealed record ResumeRun(ImmutableArray<string> Changes, string? Name) : INodeMessage;

/// <summary>Singleton: it is trained.</summary>
/// <param name="Run">Its name.</param>
/// <param name="Settings">Its settings as HOCON.</param>
/// <param name="Notes">What the user should know first.</param>
public sealed record RunAccepted(string Run, string Settings, ImmutableArray<string> Notes) : INodeMessage;

/// <summary>Singleton: it cannot be.</summary>
public sealed record RunRefused(string Reason) : INodeMessage;

/// <summary>Singleton: it waits for its turn, also when this trainer dies. Ask again with <see cref="GetTurn"/>.</summary>
/// <param name="Run">Its name.</param>
/// <param name="Place">1 for the next one; 0 where the singleton does not know yet.</param>
/// <param name="Why">What it waits for.</param>
public sealed record RunQueued(string Run, int Place, string Why) : INodeMessage;

/// <summary>
/// To the singleton: has the run begun? Answered with <see cref="RunAccepted"/> when it has, <see cref="RunQueued"/>, <see cref="RunRefused"/>
/// where it could not, or <see cref="RunNotThere"/>.
/// </summary>
/// <param name="Run">Its name.</param>
public sealed record GetTurn(string Run) : INodeMessage;

/// <summary>
/// To the singleton: take a run out of the queue, or give up one that a former trainer has left and that cannot go on. Answered with
/// <see cref="RunWithdrawn"/>, <see cref="RunRefused"/>, or <see cref="RunNotThere"/> where it does not wait.
/// </summary>
/// <param name="Run">Its name.</param>
public sealed record WithdrawRun(string Run) : INodeMessage;

/// <summary>Singleton: it does not wait any more.</summary>
/// <param name="Run">Its name.</param>
public sealed record RunWithdrawn(string Run) : INodeMessage;

/// <summary>
/// To the singleton: tell me the events of this run as <see cref="RunNews"/>, from <see cref="RunStarted"/> to <see cref="RunEnded"/> (without the weights). Repeated as
/// a sign that somebody is still there, and because the singleton may have moved.
/// </summary>
/// <param name="Run">Its name; null for the one in training.</param>
public sealed record FollowRun(string? Run) : INodeMessage;

/// <summary>Singleton to who follows a run: this has happened.</summary>
public sealed record RunNews(RunEvent Event) : INodeMessage;

/// <summary>Singleton to who follows a run: it is not in training.</summary>
/// <param name="Run">The name asked for.</param>
public sealed record RunNotThere(string? Run) : INodeMessage;

/// <summary>To the singleton: stop the run after the steps in progress, with a checkpoint. Answered like <see cref="FollowRun"/>.</summary>
public sealed record StopTraining(string? Run) : INodeMessage;

/// <summary>
/// To the singleton: let this worker finish the steps in progress, give it nothing more, and let its node leave. A worker that leaves asks it for
/// itself. Answered with <see cref="WorkerDrained"/> or <see cref="WorkerUnknown"/>.
/// </summary>
public sealed record DrainWorker(string Worker) : INodeMessage
{
    /// <summary>Whether the worker asks for itself.</summary>
    public bool Own { get; init; }
}

/// <summary>All that the worker has trained is committed, and it holds nothing.</summary>
public sealed record WorkerDrained(string Worker) : INodeMessage;

/// <summary>There is no worker of that name.</summary>
/// <param name="Worker">The name.</param>
/// <param name="Known">Those that there are.</param>
public sealed record WorkerUnknown(string Worker, ImmutableArray<string> Known) : INodeMessage;

/// <summary>To the singleton: who does what? Answered with <see cref="TrainingStatus"/>.</summary>
public sealed record GetTrainingStatus : INodeMessage
{
    /// <summary>What the singleton adds on the way to the run: the runs that wait.</summary>
    public ImmutableArray<string> Queue { get; init; } = [];
}

/// <summary>Singleton: this.</summary>
/// <param name="Run">The run in training; null where there is none.</param>
/// <param name="Folder">Its folder on the trainer's node.</param>
/// <param name="Blocks">Its blocks, or replicas of them.</param>
/// <param name="Workers">Workers that are there.</param>
/// <param name="Version">Version of the software of the trainer's node.</param>
public sealed record TrainingStatus(string? Run, string? Folder, ImmutableArray<BlockStatus> Blocks, ImmutableArray<WorkerStatus> Workers, string Version) : INodeMessage
{
    /// <summary>Steps that each block is to make.</summary>
    public long Target { get; init; }

    /// <summary>Who takes part, as it was last measured.</summary>
    public SlotCounts Slots { get; init; }

    /// <summary>Steps a second of all blocks together, as they were last measured.</summary>
    public double StepsPerSecond { get; init; }

    /// <summary>The policy of the blocks.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Names of the runs that wait for their turn, the next one first.</summary>
    public ImmutableArray<string> Queue { get; init; } = [];

    /// <summary>A run that a former trainer has left and that does not go on; null for none.</summary>
    public string? Left { get; init; }

    /// <summary>Why nothing is in training though something could be; empty otherwise.</summary>
    public string Problem { get; init; } = "";
}

/// <summary>A block as the trainer sees it.</summary>
/// <param name="Block">Its name.</param>
/// <param name="Clock">Committed steps.</param>
/// <param name="Lead">Steps ahead of the least advanced block.</param>
/// <param name="Worker">Who trains it; null for nobody.</param>
/// <param name="Holder">Who has made its newest state; null where nobody has.</param>
/// <param name="Steps">The steps of its lease, as in 10..18; empty for none.</param>
/// <param name="Why">Why it is where it is, or for whom it waits.</param>
public sealed record BlockStatus(string Block, long Clock, long Lead, string? Worker, string? Holder, string Steps, string Why)
{
    /// <summary>The device that trains it; empty for nobody's, and for a moment where its worker has several.</summary>
    public string Device { get; init; } = "";
}

/// <summary>A worker as the trainer sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Slots">Blocks that it trains at once.</param>
/// <param name="Leases">Leases that it holds.</param>
/// <param name="StepMilliseconds">Mean time of a step of it; 0 where it is not known.</param>
public sealed record WorkerStatus(string Name, int Slots, int Leases, double StepMilliseconds)
{
    /// <summary>Version of its software; empty where it is not known.</summary>
    public string Version { get; init; } = "";

    /// <summary>The devices that its slots are on.</summary>
    public string Devices { get; init; } = "";
}
