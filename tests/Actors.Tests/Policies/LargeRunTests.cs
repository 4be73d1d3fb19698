using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>Runs of a thousand blocks and two hundred workers.</summary>
public sealed class LargeRunTests
{
    // Bytes, which are counted, for time, which depends on what else runs: 29 to 34 kB were measured, in some 10 microseconds. One view of the
    // run for each worker that waits would be a megabyte.
    [Theory]
    [InlineData("bounded:8", Placement.Leased)]
    [InlineData("bounded:8", Placement.Pinned)]
    [InlineData("lockstep", Placement.Leased)]
    [InlineData("lockstep", Placement.Pinned)]
    [InlineData("async", Placement.Leased)]
    [InlineData("sampled:snr", Placement.Leased)]
    [InlineData("sampled:progress", Placement.Leased)]
    public void An_event_of_a_large_run_costs_a_few_copies_of_its_clocks(string policy, Placement placement)
    {
        long bytes = 0;
        int inputs = 0;
        RunState state = RunState.Begin(new Scenario(policy, 1000, 100, 1, [], 0, 0, false, null, 1) { Placement = placement }.Goal);
        PriorityQueue<Lease, TimeSpan> agenda = new();
        TimeSpan now = TimeSpan.Zero;
        for (int i = 0; i < 200; i++)
        {
            Handle(new RunInput.WorkerJoined($"worker-{i}", 1));
        }

        while (inputs < 3000 && agenda.TryDequeue(out Lease? lease, out now))
        {
            Handle(new RunInput.Committed(lease, lease.Steps.To, StepTime(lease) * lease.Steps.Count));
        }

        Assert.InRange(bytes / inputs, 0, 60 * 1024);

        void Handle(RunInput input)
        {
            inputs++;
            long before = GC.GetAllocatedBytesForCurrentThread();
            (state, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, input, now);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
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
