using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <summary>Something that happened to a run.</summary>
public abstract record RunInput
{
    private RunInput()
    {
    }

    /// <summary>A worker offers its slots.</summary>
    public sealed record WorkerJoined(string Worker, int Slots) : RunInput
    {
        /// <summary>Its devices, for people.</summary>
        public string Devices { get; init; } = "cpu";
    }

    /// <summary>A worker wants to leave: it is given nothing more.</summary>
    public sealed record WorkerDraining(string Worker) : RunInput;

    /// <summary>A worker is gone, and what it held with it.</summary>
    public sealed record WorkerLeft(string Worker) : RunInput;

    /// <summary>A worker has trained a lease, up to step <paramref name="To"/>; fewer than leased when it was asked to stop.</summary>
    /// <param name="Lease">The lease.</param>
    /// <param name="To">The step after the last one trained.</param>
    /// <param name="ComputeTime">Time that the arithmetic took; zero where it is not known.</param>
    public sealed record Committed(Lease Lease, long To, TimeSpan ComputeTime = default) : RunInput;

    /// <summary>A sign of life from the holder of a lease.</summary>
    public sealed record Renewed(Lease Lease) : RunInput
    {
        /// <summary>The device that the block is on, for people; null where the holder does not say.</summary>
        public string? Device { get; init; }
    }

    /// <summary>A replica may go on from its meeting.</summary>
    public sealed record Met(BlockId Replica) : RunInput;

    /// <summary>The head has trained up to this step.</summary>
    public sealed record HeadAdvanced(long Clock) : RunInput;

    /// <summary>The head has failed, and goes on from its last report.</summary>
    public sealed record HeadLost : RunInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : RunInput;

    /// <summary>Somebody wants other policies.</summary>
    public sealed record PoliciesChosen(PolicySet Policies) : RunInput;

    /// <summary>Somebody wants the run to stop where it is.</summary>
    public sealed record StopRequested : RunInput;

    /// <summary>The run cannot go on.</summary>
    public sealed record Broken(string Reason) : RunInput;
}

/// <summary>What is to be done about it.</summary>
public abstract record RunEffect
{
    private RunEffect()
    {
    }

    /// <summary>Give this lease to its worker.</summary>
    public sealed record Grant(Lease Lease) : RunEffect;

    /// <summary>Take a lease back: its holder is not to be waited for.</summary>
    public sealed record Revoke(Lease Lease, string Reason) : RunEffect;

    /// <summary>Ask the holder to stop after its present step and to commit.</summary>
    public sealed record Truncate(Lease Lease) : RunEffect;

    /// <summary>Keep the state that came with this commit.</summary>
    public sealed record Accept(Lease Lease, long To) : RunEffect;

    /// <summary>Bring a replica, as it was just accepted, together with the others of its block.</summary>
    public sealed record Meet(BlockId Replica) : RunEffect;

    /// <summary>Throw away what came with this commit.</summary>
    public sealed record Refuse(Lease Lease) : RunEffect;

    /// <summary>Let the head train up to this step.</summary>
    public sealed record AdvanceHead(long To) : RunEffect;

    /// <summary>From here on these policies hold: nothing is under way that was begun under others.</summary>
    public sealed record SwitchPolicies(long Fence, PolicySet Policies) : RunEffect;

    /// <summary>Every block has finished this epoch (counted from 1).</summary>
    public sealed record EpochCompleted(int Epoch) : RunEffect;

    /// <summary>Nothing runs any more: the goal is reached, the run was stopped, or (with a reason) it is broken.</summary>
    public sealed record Ended(bool Complete, string? Failure) : RunEffect;
}

/// <summary>
/// The trainer's decisions as a pure function (state, input, time) -> (state, effects). The actor around it only carries the effects out.
/// </summary>
public static class RunLogic
{
    /// <summary>What follows from one input.</summary>
    /// <param name="state">The run before.</param>
    /// <param name="input">What happened.</param>
    /// <param name="now">Time since the run began.</param>
    public static (RunState State, ImmutableList<RunEffect> Effects) Decide(RunState state, RunInput input, TimeSpan now)
    {
        if (state.Phase == RunPhase.Ended)
        {
            return (state, input is RunInput.Committed late ? [new RunEffect.Refuse(late.Lease)] : []);
        }

        ImmutableList<RunEffect>.Builder effects = ImmutableList.CreateBuilder<RunEffect>();
        int epochs = state.EpochsDone;
        RunState next = Apply(state, input, now, effects);
        for (int epoch = epochs + 1; epoch <= next.EpochsDone; epoch++)
        {
            effects.Add(new RunEffect.EpochCompleted(epoch));
        }

        if (next.TotalSteps > next.HeadClock && (next.TotalSteps != state.TotalSteps || input is RunInput.WorkerJoined or RunInput.StopRequested or RunInput.PoliciesChosen))
        {
            effects.Add(new RunEffect.AdvanceHead(next.TotalSteps));
        }

        bool idle = next.LeasesOut == 0 && next.HeadClock >= next.TotalSteps;
        // Neither a sign of life nor the head gives a policy anything new to see.
        bool news = input is not (RunInput.Renewed or RunInput.HeadAdvanced);
        if (next.Phase == RunPhase.Fencing && idle)
        {
            next = next with { Phase = RunPhase.Running, Fence = next.Fence + 1, Goal = next.Goal with { Policies = next.NextPolicies! }, NextPolicies = null };
            next = next.FollowGoal();
            effects.Add(new RunEffect.SwitchPolicies(next.Fence, next.Goal.Policies));
            news = true;
        }

        if (next.Phase == RunPhase.Running && news)
        {
            next = Granting.GrantAll(next, now, effects);
        }

        if (next.Phase != RunPhase.Ended && (next.Complete || (next.Phase == RunPhase.Stopping && idle)))
        {
            effects.Add(new RunEffect.Ended(next.Complete, Failure: null));
            next = next with { Phase = RunPhase.Ended };
        }

        return (next, effects.ToImmutable());
    }

    private static RunState Apply(RunState state, RunInput input, TimeSpan now, ImmutableList<RunEffect>.Builder effects)
    {
        switch (input)
        {
            case RunInput.WorkerJoined joined:
                return Join(state, joined);

            case RunInput.WorkerDraining draining when state.Workers.TryGetValue(draining.Worker, out WorkerProgress? worker):
                effects.AddRange(state.Leases.Where(lease => lease.Worker == draining.Worker).Select(lease => new RunEffect.Truncate(lease)));
                return state.With(draining.Worker, worker with { Slots = 0 });

            case RunInput.WorkerLeft left:
                return RevokeWhere(
                    Homes.Leave(state, left.Worker, now).With(left.Worker, null),
                    block => block.Lease!.Worker == left.Worker,
                    lease => $"{lease.Worker} is gone",
                    effects);

            case RunInput.Committed commit:
                return Commit(state, commit, effects);

            case RunInput.Met met:
                return state.With(met.Replica.Index, state.Blocks[met.Replica.Index] with { Meeting = false });

            case RunInput.Renewed renewed when IsCurrent(state, renewed.Lease):
                BlockProgress alive = state.Blocks[renewed.Lease.Block.Index];
                return state.With(renewed.Lease.Block.Index, alive with { Expires = now + state.Goal.LeaseTimeout, Device = renewed.Device ?? alive.Device });

            case RunInput.HeadAdvanced head:
                return state with { HeadClock = Math.Max(state.HeadClock, head.Clock) };

            case RunInput.HeadLost when state.Goal.Coupled:
                return RevokeWhere(state, _ => true, lease => $"the head has lost what {lease.Block} has asked of it", effects);

            case RunInput.Tick:
                return RevokeWhere(
                    Homes.GiveUp(state, now),
                    block => block.Expires <= now,
                    lease => $"the trainer has waited {state.Goal.LeaseTimeout.TotalSeconds:0.#} s for {lease.Worker} to make a step of {lease.Block} ({lease.Steps})",
                    effects);

            case RunInput.PoliciesChosen chosen when state.Phase == RunPhase.Running:
                effects.AddRange(state.Leases.Select(lease => new RunEffect.Truncate(lease)));
                return state with { Phase = RunPhase.Fencing, NextPolicies = chosen.Policies };

            case RunInput.PoliciesChosen chosen when state.Phase == RunPhase.Fencing:
                return state with { NextPolicies = chosen.Policies };

            case RunInput.StopRequested when state.Phase is RunPhase.Running or RunPhase.Fencing:
                effects.AddRange(state.Leases.Select(lease => new RunEffect.Truncate(lease)));
                return state with { Phase = RunPhase.Stopping, NextPolicies = null };

            case RunInput.Broken broken:
                effects.Add(new RunEffect.Ended(Complete: false, broken.Reason));
                return state with { Phase = RunPhase.Ended };

            default:
                return state;
        }
    }

    private static RunState Commit(RunState state, RunInput.Committed commit, ImmutableList<RunEffect>.Builder effects)
    {
        Lease lease = commit.Lease;
        if (!IsCurrent(state, lease) || commit.To < lease.Steps.From || commit.To > lease.Steps.To)
        {
            effects.Add(new RunEffect.Refuse(lease));
            return state with { RefusedCommits = state.RefusedCommits + 1 };
        }

        effects.Add(new RunEffect.Accept(lease, commit.To));
        bool meets = commit.To > lease.Steps.From && state.MeetsAt(lease.Block.Index, commit.To);
        state = state.With(lease.Block.Index, state.Blocks[lease.Block.Index] with { Clock = commit.To, Lease = null, Holder = lease.Worker, Meeting = meets });
        if (meets)
        {
            effects.Add(new RunEffect.Meet(lease.Block));
        }

        return state.Workers.TryGetValue(lease.Worker, out WorkerProgress? worker)
            ? state.With(
                lease.Worker,
                worker.Measured(commit.To - lease.Steps.From, commit.ComputeTime) with { Held = worker.Held.Add(lease.Block), Leases = worker.Leases - 1 })
            : state;
    }

    private static RunState Join(RunState state, RunInput.WorkerJoined joined)
    {
        WorkerProgress worker = new(joined.Slots, [])
        {
            Leases = state.Leases.Count(lease => lease.Worker == joined.Worker),
            Home = Homes.Of(state, joined.Worker),
            Devices = joined.Devices,
        };
        state = state.With(joined.Worker, worker);
        return state with { Away = state.Away.Remove(joined.Worker) };
    }

    private static RunState RevokeWhere(
        RunState state, Func<BlockProgress, bool> condition, Func<Lease, string> reason, ImmutableList<RunEffect>.Builder effects)
    {
        foreach (BlockProgress block in state.Blocks)
        {
            if (block.Lease is { } lease && condition(block))
            {
                effects.Add(new RunEffect.Revoke(lease, reason(lease)));
                state = state.With(lease.Block.Index, block with { Lease = null });
                state = state.Workers.TryGetValue(lease.Worker, out WorkerProgress? worker)
                    ? state.With(lease.Worker, worker with { Leases = worker.Leases - 1 })
                    : state;
            }
        }

        return state;
    }

    private static bool IsCurrent(RunState state, Lease lease) =>
        state.Blocks[lease.Block.Index].Lease is { } current && current.Epoch == lease.Epoch && current.Worker == lease.Worker;
}
