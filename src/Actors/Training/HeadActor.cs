using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Faults;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Actors.Training;

/// <summary>
/// Trains what the blocks share. Where blocks read nothing of it, the head needs labels only, and runs by itself behind them. Otherwise it
/// takes their gradients in, each once, as the policies of a <see cref="SharedServer"/> say; what it did goes to the trainer with each report.
/// </summary>
public sealed class HeadActor : ReceiveActor
{
    /// <summary>Steps made in one message: enough to be worth it, few enough not to hold up a block's step.</summary>
    private const int Visit = 16;

    private readonly IMethod method;
    private readonly BatchSource source;
    private readonly ulong seed;
    private readonly List<(RequestShared Request, IActorRef Asker)> waiting = [];
    private readonly Dictionary<BlockId, LeaseEpoch> fences = [];
    private readonly ImmutableArray<UpdateTaken>.Builder updates = ImmutableArray.CreateBuilder<UpdateTaken>();
    private readonly ImmutableArray<ReplayEntry>.Builder entries = ImmutableArray.CreateBuilder<ReplayEntry>();
    private SharedServer? server;
    private Snapshot? committed;
    private long committedSteps;
    private long target;
    private long reported = -1;
    private bool restarted;

    /// <summary>A head without state: it gets that with its first message.</summary>
    /// <param name="method">What is trained.</param>
    /// <param name="source">Mini-batches, for their labels.</param>
    /// <param name="seed">Seed of the run.</param>
    public HeadActor(IMethod method, BatchSource source, ulong seed)
    {
        (this.method, this.source, this.seed) = (method, source, seed);
        Receive<AdvanceHead>(Advance);
        Receive<Continue>(_ => Train());
        Receive<ApplyGradient>(Apply);
        Receive<RequestShared>(Ask);
        Receive<ProbeShared>(probe =>
        {
            if (server is not null)
            {
                Sender.Tell(new SharedProbed(probe.Block, probe.Step, server.SharedFor(probe.Block)));
            }
        });
        Receive<LeaseOver>(over =>
        {
            fences[over.Lease.Block] = Later(over.Lease.Block, over.Lease.Epoch.Next);
            waiting.RemoveAll(entry => entry.Request.Lease == over.Lease);
            server?.Release(over.Lease);
            Answer();
        });
        Receive<SwitchShared>(Switch);
        Receive<NodeFaults.Throw>(_ => throw new NodeFaults.InjectedFaultException());
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(IMethod method, BatchSource source, ulong seed) =>
        Akka.Actor.Props.Create(() => new HeadActor(method, source, seed)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PostStop() => server?.Dispose();

    /// <summary>What was done since the last report is undone, but blocks have trained with it: a replay must know.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        if (message is ApplyGradient failed)
        {
            entries.Add(Unheard(failed));
        }

        Context.Parent.Tell(new HeadFailed(Drain()));
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        restarted = true;
        Context.Parent.Tell(new HeadRestarted(reason.Message));
    }

    private void Ask(RequestShared request)
    {
        // Who has lost the lease may still ask: what the new holder has asked for must not be taken for his.
        if (request.Lease.Epoch == Later(request.Block, request.Lease.Epoch))
        {
            fences[request.Block] = request.Lease.Epoch;
            waiting.RemoveAll(entry => entry.Request.Block == request.Block);
            waiting.Add((request, Sender));
            Answer();
        }
    }

    private LeaseEpoch Later(BlockId block, LeaseEpoch epoch) =>
        fences.TryGetValue(block, out LeaseEpoch fence) && fence.Value > epoch.Value ? fence : epoch;

    private void Advance(AdvanceHead advance)
    {
        if (server is null)
        {
            // What was sent before the trainer knew of the failure may hold a state older than the last report.
            if (restarted && !advance.AfterRestart)
            {
                return;
            }

            Begin(advance);
        }

        bool working = server!.BlockSteps < target;
        target = Math.Max(target, advance.To);
        if (method.Coupled && server.BlockSteps >= target)
        {
            // Once for each target: a report later than the first would hold steps of the next lease, and pass them off as committed.
            if (target > reported)
            {
                Report();
            }
        }
        else if (!working)
        {
            Self.Tell(Continue.Instance);
        }

        Answer();
    }

    private void Begin(AdvanceHead advance)
    {
        PolicySet policies = advance.Policies ?? PolicyCatalog.BuiltIn.Parse(new PolicySettings());
        server = new SharedServer(method, source, seed, policies, committed = advance.State);
        committedSteps = server.BlockSteps;
        if (restarted)
        {
            // Their leases are void, and begin again: a gradient of a later step would hide that an earlier one is still to come.
            waiting.Clear();
            entries.Add(new ReplayEntry.Back(advance.History, policies.Settings));
        }
        else
        {
            entries.Add(new ReplayEntry.Session(policies.Settings));
        }
    }

    /// <summary>Steps by the head's own terms alone: all of them where blocks read nothing of it, otherwise those whose gradients a failure has lost.</summary>
    private void Train()
    {
        // A failed instance leaves a message of its own behind; the new one begins when it is sent its state.
        if (server is null || server.BlockSteps >= target)
        {
            return;
        }

        for (long to = Math.Min(server.BlockSteps + Visit, target); server.BlockSteps < to;)
        {
            server.TakeNothing();
            entries.Add(new ReplayEntry.Lost());
        }

        Report();
        if (server.BlockSteps < target)
        {
            Self.Tell(Continue.Instance);
        }

        Answer();
    }

    private void Apply(ApplyGradient apply)
    {
        if (server?.Take(apply.Lease, apply.Gradient, apply.Exact) is { } taken)
        {
            updates.Add(taken);
            entries.Add(new ReplayEntry.Taken(taken.Block, taken.Step, taken.Version, apply.Lease.Epoch.Value));
        }
        else if (server is null && restarted)
        {
            entries.Add(Unheard(apply));
        }

        Answer();
    }

    private void Switch(SwitchShared asked)
    {
        server!.Switch(asked.Policies);
        entries.Add(new ReplayEntry.Switch(asked.Fence, asked.Policies.Settings));
        Report();
    }

    private void Report()
    {
        committed = server!.Snapshot();
        committedSteps = server.BlockSteps;
        reported = Math.Min(committedSteps, target);
        Context.Parent.Tell(new HeadAdvanced(committedSteps, reported, server.MeanLoss(), committed)
        {
            Updates = updates.DrainToImmutable(),
            Entries = Drain(),
        });
    }

    private static ReplayEntry.Unheard Unheard(ApplyGradient apply) =>
        new(apply.Gradient.Block, apply.Gradient.Step, apply.Gradient.Version, apply.Lease.Epoch.Value);

    private ImmutableArray<ReplayEntry> Drain()
    {
        ImmutableArray<ReplayEntry> drained = entries.DrainToImmutable();
        // Where blocks read nothing of the head, the order of what they do does not matter.
        return method.Coupled ? drained : [];
    }

    private void Answer()
    {
        if (server is null)
        {
            return;
        }

        GoBack();
        foreach ((RequestShared request, IActorRef asker) in waiting.ToArray())
        {
            bool exact = request.Taken is not null;
            int steps = !exact ? server.StepsAllowed(request.Block, request.Steps) : request.Taken == server.BlockSteps ? 1 : 0;
            if (steps > 0)
            {
                asker.Tell(new SharedReady(request.Lease, request.Step, server.Begin(request.Lease, request.Step, steps, exact), steps));
                waiting.Remove((request, asker));
            }
        }

        // Only a block whose lease is void asks for what has passed: nobody waits for the answer.
        waiting.RemoveAll(entry => entry.Request.Taken < server.BlockSteps);
    }

    // A block that failed in the middle of a lease begins the lease again; where it must find each version as it was, so does the head.
    private void GoBack()
    {
        if (server!.BlockSteps > committedSteps && waiting.Exists(entry => entry.Request.Taken == committedSteps))
        {
            PolicySet policies = server.Policies;
            server.Dispose();
            server = new SharedServer(method, source, seed, policies, committed);
            updates.Clear();
            entries.Clear();
        }
    }

    private sealed class Continue
    {
        public static readonly Continue Instance = new();
    }
}
