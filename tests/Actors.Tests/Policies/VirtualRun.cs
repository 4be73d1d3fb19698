using System.Collections.Immutable;
using NoProp.Actors.Training;
using NoProp.Models;

namespace NoProp.Actors.Tests.Policies;

/// <summary>A commit that the trainer has taken.</summary>
internal sealed record Accepted(Lease Lease, long To, ImmutableArray<long> Clocks);

/// <summary>
/// Drives <see cref="RunLogic"/> on a virtual clock: workers train, die, come back, hang and commit too late, as a scenario wants it. It keeps
/// its own account of which leases are valid, and writes down what a test may want to look at.
/// </summary>
internal sealed class VirtualRun
{
    private const int MostInputs = 40_000;

    private readonly Scenario scenario;
    private readonly Random random;
    private readonly PriorityQueue<Action, (TimeSpan At, int Number)> agenda = new();
    private readonly Dictionary<Lease, Training> training = [];
    private readonly Dictionary<BlockId, Training> newest = [];
    private readonly Dictionary<string, bool> alive = [];
    private readonly Func<string, TimeSpan>? stepTime;
    private TimeSpan now;
    private int entries;
    private bool headBusy;
    private long headTarget;

    private VirtualRun(Scenario scenario, Func<string, TimeSpan>? stepTime)
    {
        (this.scenario, this.stepTime, random) = (scenario, stepTime, new Random(scenario.Seed));
        State = RunState.Begin(scenario.Goal);
    }

    public RunState State { get; private set; }

    public TimeSpan Elapsed => now;

    public List<Accepted> Accepts { get; } = [];

    public List<int> Epochs { get; } = [];

    public List<RunEffect.Ended> Ends { get; } = [];

    /// <summary>Rules that were broken, in words.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Commits that were sent under a lease that was void by then.</summary>
    public int VoidCommits { get; private set; }

    /// <summary>Runs a scenario to its end, or until it has had far more inputs than it can need.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="stepTime">Time of a step on a worker; random where null.</param>
    public static VirtualRun Of(Scenario scenario, Func<string, TimeSpan>? stepTime = null)
    {
        VirtualRun run = new(scenario, stepTime);
        run.Begin();
        for (int inputs = 0; run.Ends.Count == 0 && inputs < MostInputs && run.agenda.TryDequeue(out Action? next, out (TimeSpan At, int) key); inputs++)
        {
            run.now = key.At;
            next();
        }

        // What is still under way arrives after the end, too.
        while (run.Ends.Count > 0 && run.agenda.TryDequeue(out Action? late, out _))
        {
            late();
        }

        return run;
    }

    private void Begin()
    {
        for (int i = 0; i < scenario.Slots.Length; i++)
        {
            (string name, int slots) = ($"worker-{i}", scenario.Slots[i]);
            In(Seconds(0, 2), () => Join(name, slots));
        }

        for (int i = 0; i < scenario.Deaths; i++)
        {
            int victim = random.Next(scenario.Slots.Length);
            In(Seconds(2, 60), () => Die($"worker-{victim}", scenario.Slots[victim]));
        }

        In(TimeSpan.FromSeconds(1), Tick);
        if (scenario.StopAfter == 0)
        {
            In(Seconds(0, 2), () => Handle(new RunInput.StopRequested()));
        }
    }

    private void Tick()
    {
        Handle(new RunInput.Tick());
        if (Ends.Count == 0)
        {
            In(TimeSpan.FromSeconds(1), Tick);
        }
    }

    private void Join(string worker, int slots)
    {
        alive[worker] = true;
        Handle(new RunInput.WorkerJoined(worker, slots));
    }

    private void Die(string worker, int slots)
    {
        if (alive.GetValueOrDefault(worker) && Ends.Count == 0)
        {
            alive[worker] = false;
            Handle(new RunInput.WorkerLeft(worker));
            In(Seconds(0, 30), () => Join(worker, slots));
        }
    }

    private void Handle(RunInput input)
    {
        RunPhase before = State.Phase;
        (State, ImmutableList<RunEffect> effects) = RunLogic.Decide(State, input, now);
        foreach (RunEffect effect in effects)
        {
            if (before == RunPhase.Ended && effect is not RunEffect.Refuse)
            {
                Violations.Add($"{effect} after the end");
            }

            CarryOut(effect);
        }

        CheckSlots();
    }

    private void CarryOut(RunEffect effect)
    {
        switch (effect)
        {
            case RunEffect.Grant grant:
                Grant(grant.Lease);
                break;
            case RunEffect.Revoke revoke:
                Require(training.TryGetValue(revoke.Lease, out Training? lost) && lost.Valid, $"revoked {revoke.Lease}, which nobody holds");
                lost!.Valid = false;
                lost.Silent = !scenario.LateCommits;
                break;
            case RunEffect.Truncate truncate:
                training[truncate.Lease].Truncated = true;
                break;
            case RunEffect.Accept accept:
                Require(training[accept.Lease].Valid, $"accepted {accept.Lease}, which was void");
                training[accept.Lease].Valid = false;
                Accepts.Add(new Accepted(accept.Lease, accept.To, [.. State.Blocks.Select(block => block.Clock)]));
                if (Accepts.Count == scenario.StopAfter)
                {
                    In(TimeSpan.Zero, () => Handle(new RunInput.StopRequested()));
                }

                break;
            case RunEffect.Refuse refuse:
                Require(!training[refuse.Lease].Valid, $"refused {refuse.Lease}, which was valid");
                break;
            case RunEffect.AdvanceHead advance:
                Require(advance.To >= headTarget, $"the head was sent back from {headTarget} to {advance.To}");
                headTarget = advance.To;
                AdvanceHead();
                break;
            case RunEffect.EpochCompleted epoch:
                Epochs.Add(epoch.Epoch);
                break;
            case RunEffect.Ended ended:
                Ends.Add(ended);
                break;
        }
    }

    private void Grant(Lease lease)
    {
        Require(!newest.TryGetValue(lease.Block, out Training? other) || !other.Valid, $"{lease} while another lease on the block is out");
        Require(alive.GetValueOrDefault(lease.Worker), $"{lease} for a worker that is gone");
        Require(lease.Steps.Count > 0 && lease.Steps.To <= scenario.Goal.Target, $"{lease} is empty or beyond the goal");
        Require(State.Phase == RunPhase.Running || Ends.Count > 0, $"{lease} in a run that is stopping");
        Training begun = training[lease] = newest[lease.Block] = new Training(lease);
        // Hung: no sign of life ever, unless it wakes up to commit what nobody waits for any more.
        if (random.Next(100) >= scenario.HangPercent)
        {
            Begin(begun);
        }
        else if (scenario.LateCommits)
        {
            In(TimeSpan.FromSeconds(60), () => Commit(begun, lease.Steps.To));
        }
    }

    private void Begin(Training step)
    {
        TimeSpan time = StepTime(step.Lease.Worker);
        step.ComputeTime += time;
        In(time, () => Step(step));
    }

    private void Step(Training of)
    {
        if (of.Silent)
        {
            return;
        }

        of.Done++;
        Handle(new RunInput.Renewed(of.Lease));
        if (of.Truncated || of.Lease.Steps.From + of.Done == of.Lease.Steps.To)
        {
            In(Seconds(0, 0.1), () => Commit(of, of.Lease.Steps.From + of.Done));
        }
        else
        {
            Begin(of);
        }
    }

    private void Commit(Training of, long to)
    {
        if (!of.Silent)
        {
            VoidCommits += of.Valid || Ends.Count > 0 ? 0 : 1;
            Handle(new RunInput.Committed(of.Lease, to, of.ComputeTime));
        }
    }

    private void AdvanceHead()
    {
        if (!headBusy && State.HeadClock < headTarget)
        {
            headBusy = true;
            long to = Math.Min(State.HeadClock + 16, headTarget);
            In(Seconds(0, 0.5), () =>
            {
                headBusy = false;
                Handle(new RunInput.HeadAdvanced(to));
                AdvanceHead();
            });
        }
    }

    private void CheckSlots()
    {
        foreach (IGrouping<string, Lease> held in State.Leases.GroupBy(lease => lease.Worker))
        {
            int slots = scenario.Slots[int.Parse(held.Key["worker-".Length..])];
            Require(held.Count() <= slots, $"{held.Key} has {held.Count()} leases for {slots} slots");
        }
    }

    private void Require(bool condition, string violation)
    {
        if (!condition)
        {
            Violations.Add(violation);
        }
    }

    private TimeSpan StepTime(string worker) => stepTime?.Invoke(worker) ?? Seconds(0.01, 3);

    private TimeSpan Seconds(double from, double to) => TimeSpan.FromSeconds(from + random.NextDouble() * (to - from));

    private void In(TimeSpan delay, Action action) => agenda.Enqueue(action, (now + delay, entries++));

    private sealed class Training(Lease lease)
    {
        public Lease Lease { get; } = lease;

        public bool Valid { get; set; } = true;

        public bool Silent { get; set; }

        public bool Truncated { get; set; }

        public long Done { get; set; }

        public TimeSpan ComputeTime { get; set; }
    }
}
