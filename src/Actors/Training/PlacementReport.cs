using System.Collections.Immutable;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Training;

/// <summary>Says of each block why it is where it is, or what it waits for.</summary>
internal static class PlacementReport
{
    /// <summary>The blocks in order.</summary>
    public static ImmutableArray<BlockStatus> Blocks(RunState state) => [.. state.Blocks.Select((block, i) => new BlockStatus(
        state.Goal.Block(i).ToString(),
        block.Clock,
        block.Clock - state.MinClock,
        block.Lease?.Worker,
        block.Holder,
        block.Lease is { } lease ? $"{lease.Steps.From}..{lease.Steps.To}" : "",
        Why(state, i))
    {
        Device = block.Lease is { } held ? block.Device ?? OnlyDevice(state.Workers.GetValueOrDefault(held.Worker)) : "",
    })];

    /// <summary>The workers by name.</summary>
    public static ImmutableArray<WorkerStatus> Workers(RunState state) =>
    [
        .. state.Workers.Select(worker => new WorkerStatus(worker.Key, worker.Value.Slots, worker.Value.Leases, worker.Value.StepTime.TotalMilliseconds)
        {
            Devices = worker.Value.Devices,
        }),
    ];

    private static string OnlyDevice(WorkerProgress? worker) => worker is null || worker.Devices.Contains(',') ? "" : worker.Devices;

    private static string Why(RunState state, int index)
    {
        BlockProgress block = state.Blocks[index];
        string policy = state.Goal.Policies.Blocks.Name;
        return block switch
        {
            { Lease: { } lease, Home: { } home } when home == lease.Worker => $"pinned to {home}",
            { Lease: { } lease } => $"{lease.Worker} was free when {policy} had it next{(lease.Steps.From == state.MinClock ? ", as one of the least advanced" : "")}",
            { Clock: var clock } when clock >= state.Goal.Target => "has reached its goal",
            { Meeting: true } => $"waits for {Others(state, index)} to come to step {block.Clock}",
            _ when state.Phase == RunPhase.Fencing => $"waits for the leases of {Leased(state)} to end, after which other policies hold",
            _ when state.Phase is RunPhase.Stopping or RunPhase.Ended => "the run stops",
            _ when state.Workers.IsEmpty => "waits for a worker",
            { Home: { } home } when !state.Workers.ContainsKey(home) => $"waits for {home}, to which it is pinned, to come back",
            _ when state.Idle.IsEmpty => "waits for a free slot",
            _ when state.Goal.Policies.Blocks.MaxLead is { } lead && block.Clock - state.MinClock >= lead =>
                $"waits for {Slowest(state)}: {policy} lets nobody be more than {lead} steps ahead",
            _ => $"waits for its turn under {policy}",
        };
    }

    private static string Slowest(RunState state) => string.Join(
        ", ", state.Blocks.Select((block, i) => (block, i)).Where(pair => pair.block.Clock == state.MinClock).Take(3).Select(pair => state.Goal.Block(pair.i).ToString()));

    private static string Leased(RunState state) => string.Join(", ", state.Leases.Take(3).Select(lease => lease.Block.ToString()));

    private static string Others(RunState state, int index)
    {
        int first = index / state.Goal.Replicas * state.Goal.Replicas;
        return string.Join(", ", Enumerable.Range(first, state.Goal.Replicas).Where(i => !state.Blocks[i].Meeting).Select(i => state.Goal.Block(i).ToString()));
    }
}
