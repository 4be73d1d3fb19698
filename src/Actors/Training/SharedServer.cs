using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Training;

namespace NoProp.Actors.Training;

/// <summary>
/// The shared parameters and their policies, without an actor around them: what is taken in, in which order, decides every weight, so that a
/// replay that asks the same of it comes to the same numbers. Not thread-safe.
/// </summary>
internal sealed class SharedServer : IDisposable
{
    private readonly int blocks;
    private readonly int replicas;
    private readonly ulong seed;
    private readonly IHeadSteps head;
    private readonly HeadBook book;
    private readonly Dictionary<BlockId, Pin> pins = [];

    /// <summary>A server, initial or from a snapshot.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    public SharedServer(IMethod method, BatchSource source, ulong seed, PolicySet policies, Snapshot? from)
        : this(new HeadSteps(method, source, from), HeadBook.Read(from, method.Blocks), method.Blocks, seed, policies, method.Replicas)
    {
    }

    /// <summary>A server whose steps somebody else makes.</summary>
    /// <param name="head">Who makes them.</param>
    /// <param name="book">The accounts.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="policies">The policies that hold.</param>
    /// <param name="replicas">Replicas of each block, all of which are counted as blocks; one of them reads a mini-batch.</param>
    public SharedServer(IHeadSteps head, HeadBook book, int blocks, ulong seed, PolicySet policies, int replicas = 1)
    {
        (this.head, this.book, this.blocks, this.seed, this.replicas, Policies) = (head, book, blocks, seed, replicas, policies);
        Keep();
    }

    /// <summary>The policies that hold.</summary>
    public PolicySet Policies { get; private set; }

    /// <summary>Version of the shared parameters: steps of the optimiser.</summary>
    public long Version => head.Clock;

    /// <summary>Steps of blocks that have had their effect, whatever it was.</summary>
    public long BlockSteps => book.BlockSteps;

    /// <summary>Steps that a block may train with the present version, none to as many as it asks for.</summary>
    public int StepsAllowed(BlockId block, int asked) => !SharedLogic.HasWaitBound(Policies)
        ? asked
        : SharedLogic.StepsAllowed(
            Policies, Version, [.. pins.Where(pin => pin.Key != block && !pin.Value.Exact).Select(pin => new PinnedVersion(pin.Value.Shared.Version, pin.Value.StepsLeft))], asked, blocks, replicas);

    /// <summary>The shared parameters as a block is to see them.</summary>
    public SharedVersion SharedFor(BlockId block) => head.SharedFor(block);

    /// <summary>Lets a block begin so many steps with the present version.</summary>
    public SharedVersion Begin(Lease lease, long step, int steps, bool exact)
    {
        SharedVersion shared = SharedFor(lease.Block);
        pins[lease.Block] = new(lease, step, steps, shared, exact);
        return shared;
    }

    /// <summary>Nothing more comes under a lease.</summary>
    public void Release(Lease lease)
    {
        if (pins.TryGetValue(lease.Block, out Pin? pin) && pin.Lease.Epoch == lease.Epoch)
        {
            pins.Remove(lease.Block);
        }
    }

    /// <summary>Takes a gradient in; null where it is none that is waited for: sent under a lease that is void, or before the head failed.</summary>
    public UpdateTaken? Take(Lease lease, SharedGradient gradient, bool exact)
    {
        if (!pins.TryGetValue(gradient.Block, out Pin? pin) || pin.Lease.Epoch != lease.Epoch || pin.Step != gradient.Step || pin.Shared.Version != gradient.Version)
        {
            return null;
        }

        if (pin.StepsLeft > 1)
        {
            pins[gradient.Block] = pin with { Step = pin.Step + 1, StepsLeft = pin.StepsLeft - 1 };
        }
        else
        {
            pins.Remove(gradient.Block);
        }

        if (exact && Version != gradient.Version)
        {
            return null;
        }

        return Take(gradient, pin.Shared);
    }

    /// <summary>Takes in a gradient that was computed with a version.</summary>
    public UpdateTaken Take(SharedGradient gradient, SharedVersion pinned)
    {
        UpdateTaken update = new(gradient.Block, gradient.Step, gradient.Version, Version - gradient.Version, UpdateFate.Repeated, 0);
        return book.IsTaken(gradient.Block, gradient.Step) ? update : Take(update, gradient, pinned);
    }

    /// <summary>Accounts for a step of a block by the head's own terms: where blocks send no gradient, or theirs was lost.</summary>
    public void TakeNothing()
    {
        if (Policies.Head.PerBatch is null)
        {
            Step(new HeadStep());
        }

        book.Count();
        RunFree();
    }

    /// <summary>Lets other policies hold. What was held for a round is applied as it is.</summary>
    public void Switch(PolicySet policies)
    {
        foreach (long step in book.Held.Select(gradient => gradient.Step).Distinct().Order().ToArray())
        {
            ApplyMean(step);
        }

        Policies = policies;
        Keep();
    }

    /// <summary>The complete state.</summary>
    public Snapshot Snapshot() => head.Snapshot(book.Notes(), book.Tensors());

    /// <summary>Mean of the head's own loss since it was last asked for.</summary>
    public float MeanLoss() => head.MeanLoss();

    /// <inheritdoc/>
    public void Dispose() => head.Dispose();

    private void Keep()
    {
        head.KeepCopies(Policies.Embedding.KeepsCopies);
        head.KeepMoments(Policies.Settings.Moments);
    }

    private UpdateTaken Take(UpdateTaken update, SharedGradient gradient, SharedVersion pinned)
    {
        SharedDecision decision = SharedLogic.Decide(
            Policies,
            new SharedView(Version, book.Taken, [.. book.Held.Select(held => new SharedUpdate(held.Block, held.Step, held.Version))], seed),
            new SharedUpdate(gradient.Block, gradient.Step, gradient.Version));
        book.Take(gradient.Block, gradient.Step);
        float move = 0;
        switch (decision)
        {
            case SharedDecision.Hold:
                book.Hold(gradient);
                break;
            case SharedDecision.ApplyMean:
                book.Hold(gradient);
                move = ApplyMean(gradient.Step);
                break;
            default:
                move = Step(SharedLogic.Plan(Policies, decision, gradient, update.Lag, pinned));
                break;
        }

        RunFree();
        UpdateFate fate = decision switch
        {
            SharedDecision.Hold => UpdateFate.Held,
            SharedDecision.Reject => UpdateFate.Rejected,
            _ => UpdateFate.Applied,
        };
        return update with { Fate = fate, EmbeddingMove = fate == UpdateFate.Rejected ? 0 : move };
    }

    private float ApplyMean(long step)
    {
        IReadOnlyList<SharedGradient> round = book.Release(step);
        ImmutableArray<float> mean = SharedGradient.Mean(round);
        return round.Sum(gradient => Step(SharedLogic.Plan(Policies, new SharedDecision.Apply(), gradient with { Values = mean }, lag: 0, pinned: null)));
    }

    /// <summary>The steps of a head that runs by itself which belong to the last step of a block.</summary>
    private void RunFree()
    {
        if (Policies.Head.PerBatch is null || !head.HasOwnTerms)
        {
            return;
        }

        long due = Policies.Head.OwnSteps(BlockSteps, blocks / replicas) - Policies.Head.OwnSteps(BlockSteps - 1, blocks / replicas);
        for (long i = 0; i < due; i++)
        {
            Step(new HeadStep());
        }
    }

    private float Step(HeadStep step)
    {
        HeadStepResult result = head.Step(step with { FreezesSchedule = Policies.ScheduleFrozen }, book.OwnSteps);
        if (step.OwnTerms)
        {
            book.CountOwn();
        }

        return result.EmbeddingMove;
    }

    /// <summary>A version that a block uses for this step and those that follow.</summary>
    private sealed record Pin(Lease Lease, long Step, int StepsLeft, SharedVersion Shared, bool Exact);
}
