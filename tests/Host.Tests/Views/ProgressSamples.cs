using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Host.Views;
using NoProp.Models;

namespace NoProp.Host.Tests.Views;

/// <summary>Events and moments of a run of three blocks, two epochs of ten steps.</summary>
internal static class ProgressSamples
{
    public const int Blocks = 3;

    public static RunStarted Started { get; } = new([0, 0, 0], Target: 20, StepsPerEpoch: 10, Epochs: 2, Slots: 2);

    public static EpochFinished FirstEpoch { get; } = new(1, [0.5, 0.75, 0.875], TotalSteps: 31, TimeSpan.FromSeconds(2.5));

    public static Lease Lease { get; } = new(new BlockId(2), new LeaseEpoch(1), new StepRange(0, 4), "local");

    public static ProgressSnapshot Moment(double stepsPerSecond = 0.5, IReadOnlyList<string>? incidents = null) => new(
        Started,
        [new BlockLine(12, 1.25f, 0.5f, 2, 0.5), new BlockLine(11, 2.5f, 0.25f, 1, 0.5), new BlockLine(10, float.NaN, float.NaN, 0, 0)],
        [FirstEpoch],
        incidents ?? [],
        stepsPerSecond);

    public static StepsTrained Trained(int block, long from, long to) =>
        new(new BlockId(block), new StepRange(from, to), Loss: 1.25f, SquaredError: 0.5f, Lead: 2, TimeSpan.FromSeconds(1), "local");
}
