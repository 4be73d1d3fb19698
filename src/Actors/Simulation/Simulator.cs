using System.Collections.Immutable;
using NoProp.Actors.Training;
using NoProp.Models.Randomness;

namespace NoProp.Actors.Simulation;

/// <summary>
/// Runs the trainer's decisions (<see cref="RunLogic"/>) and the head's (<see cref="SharedServer"/>) on a virtual clock, with workers that
/// take time instead of computing, die, stall and come back. Not thread-safe; made for one run.
/// </summary>
public sealed partial class Simulator
{
    private const string WorkerPrefix = "worker-";

    // A run that needs so many times as long as its workers would at a tenth of their speed is not going to end.
    private const double Patience = 10;

    private static readonly TimeSpan SignEvery = TimeSpan.FromSeconds(1);

    private readonly SimulationSettings settings;
    private readonly PriorityQueue<Action, (TimeSpan At, long Number)> agenda = new();
    private readonly SimulatedWorker[] workers;
    private readonly Dictionary<string, SimulatedWorker> byName;
    private readonly SimulatedLease?[] leases;
    private readonly string?[] holders;
    private readonly List<string> violations = [];
    private readonly Counter leads = new();
    private readonly SimulatedHead? head;
    private readonly SimulatedCenters centers;
    private readonly TimeSpan deadline;
    private RunState state;
    private TimeSpan now;
    private TimeSpan lineFree;
    private TimeSpan headFree;
    private bool ended;
    private long numbers;
    private long draws;
    private long headTarget;
    private long reported;
    private long headClock;
    private bool headBusy;

    private long executed;
    private long committed;
    private long bytes;
    private int kills;
    private long moves;
    private int revoked;
    private long refusals;
    private int nextSwitch;
    private double holdingSeconds;
    private double contributingSeconds;

    private Simulator(SimulationSettings settings)
    {
        this.settings = settings;
        workers = [.. settings.Slots.Select((slots, i) => new SimulatedWorker($"{WorkerPrefix}{i}", slots, settings.Factor(i)))];
        byName = workers.ToDictionary(worker => worker.Name);
        (leases, holders) = (new SimulatedLease?[settings.Units], new string?[settings.Units]);
        head = settings.Coupled ? new(settings.Units, settings.Seed, settings.Policies, settings.Replicas) : null;
        centers = new(settings.Replicas, settings.Units);
        double ideal = settings.Units * settings.Steps / settings.IdealRate;
        double serial = settings.Units * settings.Steps * settings.StepTime.TotalSeconds * (settings.Slowness.IsEmpty ? 1 : settings.Slowness.Max());
        double accidents = settings.KillEvery is null && settings.StallEvery is null ? 0 : 100 * settings.LeaseTimeout.TotalSeconds + 100 * settings.StallFor.TotalSeconds;
        deadline = TimeSpan.FromSeconds(Patience * (Math.Max(ideal, serial) + accidents + 60));
        // Whole epochs make the goal: where the steps are none, one epoch has all of them.
        int perEpoch = settings.Steps % settings.StepsPerEpoch == 0 ? settings.StepsPerEpoch : (int)Math.Min(settings.Steps, int.MaxValue);
        state = RunState.Begin(new RunGoal(
            settings.Units, perEpoch, (int)(settings.Steps / perEpoch), settings.Seed, settings.Policies, settings.LeaseTimeout)
        {
            Coupled = settings.Coupled,
            Weights = settings.Weights,
            Replicas = settings.Replicas,
        });
    }

    /// <summary>Simulates a run to its end.</summary>
    /// <param name="settings">The run.</param>
    /// <param name="progress">Told now and then which share of the steps is committed, 0..1.</param>
    /// <param name="cancellation">Stops it.</param>
    public static SimulationResult Run(SimulationSettings settings, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        Simulator simulator = new(settings);
        simulator.Begin();
        for (long events = 1; !simulator.ended && simulator.agenda.TryDequeue(out Action? next, out (TimeSpan At, long) key); events++)
        {
            simulator.now = key.At;
            if (simulator.now > simulator.deadline)
            {
                simulator.violations.Add($"the run has not ended after {simulator.now.TotalSeconds:0} s: {simulator.state.MinClock} of {settings.Steps} steps of the least advanced block");
                break;
            }

            next();
            if (events % 1024 == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Invoke((double)simulator.state.TotalSteps / (settings.Units * settings.Steps));
            }
        }

        return simulator.Result();
    }

    private void Begin()
    {
        foreach (SimulatedWorker worker in workers)
        {
            Join(worker);
        }

        Tick();
        foreach ((TimeSpan at, int worker) in settings.Kills)
        {
            In(at, () => Kill(workers[worker]));
        }

        Later(settings.KillEvery, Kill);
        Later(settings.StallEvery, Stall);
        Later(settings.SwitchEvery, Switch);
    }

    private void Handle(RunInput input)
    {
        (state, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, input, now);
        foreach (RunEffect effect in effects)
        {
            CarryOut(effect);
        }
    }

    private void CarryOut(RunEffect effect)
    {
        switch (effect)
        {
            case RunEffect.Grant grant:
                Grant(grant.Lease);
                break;
            case RunEffect.Revoke revoke:
                Revoke(revoke.Lease);
                break;
            case RunEffect.Truncate truncate:
                Truncate(truncate.Lease);
                break;
            case RunEffect.Accept accept:
                Accept(accept);
                break;
            case RunEffect.Meet meet:
                Meet(meet.Replica);
                break;
            case RunEffect.Refuse:
                refusals++;
                break;
            case RunEffect.AdvanceHead advance:
                headTarget = Math.Max(headTarget, advance.To);
                ToHead(0, TimeSpan.Zero, AdvanceHead);
                break;
            case RunEffect.SwitchPolicies switched:
                Require(Array.TrueForAll(leases, held => held is null), "policies were switched while leases were out");
                ToHead(0, TimeSpan.Zero, () => head?.Switch(switched.Policies));
                break;
            case RunEffect.Ended over:
                ended = true;
                Require(over.Failure is null, over.Failure ?? "");
                break;
            default:
                break;
        }
    }

    private SimulationResult Result()
    {
        double alive = workers.Sum(worker => worker.Slots * (worker.AliveTime + (worker.Alive ? now - worker.Since : TimeSpan.Zero)).TotalSeconds);
        double possible = workers.Sum(worker =>
            worker.Slots * (worker.AliveTime + (worker.Alive ? now - worker.Since : TimeSpan.Zero)).TotalSeconds / (settings.StepTime.TotalSeconds * worker.Slowness));
        double seconds = Math.Max(now.TotalSeconds, double.Epsilon);
        if (ended && head is not null)
        {
            for (int i = 0; i < settings.Units; i++)
            {
                Require(head.Taken[i] == state.Blocks[i].Clock, $"{head.Taken[i]} of {state.Blocks[i].Clock} steps of {state.Goal.Block(i)} had their effect");
            }
        }

        Require(!ended || state.RefusedCommits == refusals, $"{refusals} commits were refused and {state.RefusedCommits} counted");
        return new(
            state.Complete,
            now,
            possible > 0 ? state.TotalSteps / possible : 0,
            possible > 0 ? settings.Units * state.MinClock / possible : 0,
            executed,
            executed - committed,
            leads.Read(),
            head?.Lags.Read(),
            bytes,
            kills,
            moves,
            revoked,
            refusals,
            state.Fence,
            new(alive / seconds, holdingSeconds / seconds, contributingSeconds / seconds),
            [.. violations]);
    }

    /// <summary>The head of a run whose blocks share nothing, which runs by itself behind them.</summary>
    private void AdvanceHead()
    {
        if (head is not null)
        {
            if (head.BlockSteps >= headTarget && reported < headTarget)
            {
                long to = reported = headTarget;
                In(TimeSpan.Zero, () => Handle(new RunInput.HeadAdvanced(to)));
            }
        }
        else if (!headBusy && headClock < headTarget)
        {
            headBusy = true;
            long to = headTarget;
            In((to - headClock) * settings.HeadTime, () =>
            {
                (headBusy, headClock) = (false, to);
                Handle(new RunInput.HeadAdvanced(to));
                AdvanceHead();
            });
        }
    }

    private void Require(bool condition, string violation)
    {
        if (!condition && violations.Count < 20)
        {
            violations.Add(violation);
        }
    }

    private void In(TimeSpan delay, Action action) => agenda.Enqueue(action, (now + delay, numbers++));

    private void Later(TimeSpan? mean, Action action)
    {
        if (mean is { } every)
        {
            In(-Math.Log(1 - Draw()) * every, action);
        }
    }

    // Accidents are drawn one after the other; times of steps have addresses, so that they are the same under every policy.
    private double Draw() => Noise.Fraction(new NoiseKey(settings.Seed, NoiseStream.Simulation, 0, draws++));
}
