using System.Collections.Immutable;
using System.Diagnostics;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>Runs of a thousand blocks and two hundred workers.</summary>
public sealed class LargeRunTests
{
    // Measured: 5 to 20 microseconds. A look at every block for each worker would take some thousand.
    [Theory]
    [InlineData("bounded:8", Placement.Leased)]
    [InlineData("bounded:8", Placement.Pinned)]
    [InlineData("lockstep", Placement.Leased)]
    [InlineData("lockstep", Placement.Pinned)]
    [InlineData("async", Placement.Leased)]
    [InlineData("sampled:snr", Placement.Leased)]
    [InlineData("sampled:progress", Placement.Leased)]
    public void An_event_of_a_large_run_costs_microseconds(string policy, Placement placement)
    {
        Stopwatch watch = new();
        int inputs = 0;
        RunState state = RunState.Begin(new Scenario(policy, 1000, 100, 1, [], 0, 0, false, null, 1) { Placement = placement }.Goal);
        PriorityQueue<Lease, TimeSpan> agenda = new();
        TimeSpan now = TimeSpan.Zero;
        for (int i = 0; i < 200; i++)
        {
            Handle(new RunInput.WorkerJoined($"worker-{i}", 1));
        }

        while (inputs < 20_000 && agenda.TryDequeue(out Lease? lease, out now))
        {
            Handle(new RunInput.Committed(lease, lease.Steps.To, StepTime(lease) * lease.Steps.Count));
        }

        double microseconds = watch.Elapsed.TotalMicroseconds / inputs;
        Assert.True(microseconds < 150, $"{microseconds:0.0} microseconds an event");

        void Handle(RunInput input)
        {
            inputs++;
            watch.Start();
            (state, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, input, now);
            watch.Stop();
            foreach (RunEffect.Grant grant in effects.OfType<RunEffect.Grant>())
            {
                agenda.Enqueue(grant.Lease, now + StepTime(grant.Lease) * grant.Lease.Steps.Count);
            }
        }
    }

    // One in twenty is four times slower, and no two are in step.
    private static TimeSpan StepTime(Lease lease)
    {
        int number = int.Parse(lease.Worker["worker-".Length..]);
        return TimeSpan.FromMilliseconds((number % 20 == 0 ? 200 : 50) + number % 7);
    }
}
