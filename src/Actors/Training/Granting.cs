using System.Collections.Immutable;
using NoProp.Actors.Policies;

namespace NoProp.Actors.Training;

/// <summary>Asks the policy for work for every free slot, and holds it to the rules that no policy may break.</summary>
internal static class Granting
{
    /// <summary>Grants what the policy says, the fastest worker first, until it says wait.</summary>
    public static RunState GrantAll(RunState state, TimeSpan now, ImmutableList<RunEffect>.Builder effects)
    {
        if (state.Idle.IsEmpty || state.MinClock >= state.Goal.Target)
        {
            return state;
        }

        PolicyView view = state.View;
        foreach ((_, string name) in state.Idle)
        {
            while (state.Workers[name].IsFree)
            {
                PolicyDecision decision;
                try
                {
                    decision = Ask(state, view, name);
                }
                catch (Exception e)
                {
                    return Break(state, $"failed: {e.Message.Split('\n')[0].Trim()}", effects);
                }

                if (decision is not PolicyDecision.Run run)
                {
                    if (decision is PolicyDecision.Wait { ForAll: true })
                    {
                        return GoesOn(state, effects);
                    }

                    break;
                }

                if (Fault(state, run, name) is { } fault)
                {
                    return Break(state, fault, effects);
                }

                state = Grant(state, run, name, now, effects);
                view = view with { Leased = view.Leased.SetItem(run.Block.Index, true), Grants = state.Grants };
            }
        }

        return GoesOn(state, effects);
    }

    private static PolicyDecision Ask(RunState state, PolicyView view, string name)
    {
        WorkerProgress worker = state.Workers[name];
        PolicySet policies = state.Goal.Policies;
        return policies.Blocks.Next(
            policies.Placement == Placement.Pinned ? view with { Offers = Homes.Offers(state, worker) } : view,
            new LeaseRequest(worker.Held) { Worker = name, Slowness = state.Slowness(worker), Visit = policies.Settings.Visit });
    }

    private static RunState Grant(RunState state, PolicyDecision.Run run, string name, TimeSpan now, ImmutableList<RunEffect>.Builder effects)
    {
        BlockProgress block = state.Blocks[run.Block.Index];
        PolicySet policies = state.Goal.Policies;
        StepRange steps = policies.Settings.Visit is { } visit ? run.Steps with { To = Math.Min(run.Steps.To, run.Steps.From + visit) } : run.Steps;
        steps = steps with { To = Math.Min(steps.To, state.NextMeeting(run.Block.Index, steps.From)) };
        Lease lease = new(state.Goal.Block(run.Block.Index), block.Epoch.Next, steps, name, state.Fence);
        effects.Add(new RunEffect.Grant(lease));
        bool moves = block.Holder != name;
        if (moves && block.Holder is { } holder && state.Workers.TryGetValue(holder, out WorkerProgress? before))
        {
            state = state.With(holder, before with { Held = before.Held.Remove(run.Block) });
        }

        bool settles = policies.Placement == Placement.Pinned && block.Home is null;
        WorkerProgress worker = state.Workers[name];
        state = state.With(run.Block.Index, block with
        {
            Epoch = lease.Epoch,
            Lease = lease,
            Expires = now + state.Goal.LeaseTimeout,
            Holder = moves ? null : name,
            Home = settles ? name : block.Home,
            Device = null,
        });
        state = state.With(name, worker with { Leases = worker.Leases + 1, Home = settles ? worker.Home.Add(run.Block.Index) : worker.Home });
        return state with { Grants = state.Grants + 1 };
    }

    /// <summary>What is wrong with an answer, or null.</summary>
    private static string? Fault(RunState state, PolicyDecision.Run run, string worker)
    {
        if (run.Block.Index < 0 || run.Block.Index >= state.Blocks.Length)
        {
            return $"chose {run.Block} of {state.Blocks.Length} blocks";
        }

        BlockProgress block = state.Blocks[run.Block.Index];
        return block switch
        {
            { Meeting: true } => $"chose {run.Block} for {worker}, but it waits for other replicas",
            { Lease: { } lease } => $"chose {run.Block} for {worker}, but {lease.Worker} trains it",
            _ when run.Steps.From != block.Clock => $"chose {run.Steps} of {run.Block}, but its next step is {block.Clock}",
            _ when run.Steps.Count <= 0 || run.Steps.To > state.Goal.Target => $"chose {run.Steps} of {run.Block}, but a lease has at least 1 step and ends by step {state.Goal.Target}",
            { Home: { } home } when state.Goal.Policies.Placement == Placement.Pinned && home != worker => $"chose {run.Block} for {worker}, but it is pinned to {home}",
            _ => null,
        };
    }

    // A policy is a pure function: what it has answered now, it would answer for ever.
    private static RunState GoesOn(RunState state, ImmutableList<RunEffect>.Builder effects) =>
        state.LeasesOut > 0 || state.Idle.IsEmpty || !state.Away.IsEmpty || state.MeetingDue
            ? state
            : Break(state, "lets every worker wait, and no lease is out", effects);

    private static RunState Break(RunState state, string fault, ImmutableList<RunEffect>.Builder effects)
    {
        effects.Add(new RunEffect.Ended(Complete: false, $"the policy '{state.Goal.Policies.Blocks.Name}' {fault}"));
        return state with { Phase = RunPhase.Ended };
    }
}
