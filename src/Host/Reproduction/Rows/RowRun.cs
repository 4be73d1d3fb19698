using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NoProp.Actors.Recording;
using NoProp.Actors.Replaying;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>How a row's training ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RowOutcome>))]
internal enum RowOutcome
{
    /// <summary>Trained and tested.</summary>
    [JsonStringEnumMemberName("finished")]
    Finished,

    /// <summary>Stopped by the user; it can go on.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped,

    /// <summary>It could not go on.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>A test during a training.</summary>
/// <param name="Epoch">After which epoch.</param>
/// <param name="Seconds">Wall time since training began, tests included.</param>
/// <param name="Accuracy">Test accuracy, 0..1.</param>
internal sealed record CurvePoint(int Epoch, double Seconds, double Accuracy);

/// <summary>One row trained with one seed.</summary>
/// <param name="Seed">Seed.</param>
/// <param name="Folder">Its run folder.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why, where it failed.</param>
/// <param name="Accuracy">Test accuracy, 0..1; null where it was not tested.</param>
/// <param name="Seconds">Wall time of training and tests.</param>
/// <param name="Epochs">Epochs trained.</param>
/// <param name="Images">Training images used in each.</param>
/// <param name="WeightsSha256">SHA-256 over all weights; empty where there are none.</param>
/// <param name="Curve">Every test.</param>
internal sealed record RowRun(
    ulong Seed,
    string Folder,
    RowOutcome Outcome,
    string? Reason,
    double? Accuracy,
    double Seconds,
    int Epochs,
    int Images,
    string WeightsSha256,
    IReadOnlyList<CurvePoint> Curve)
{
    /// <summary>How stale its gradients of shared parameters were; null where it has no log of them.</summary>
    public LagSummary? Lag { get; init; }

    /// <summary>What is recorded in a run folder whose summary was read.</summary>
    public static RowRun Of(RunFolder folder, RunSummary summary, int images) => new(
        summary.Seed,
        folder.Path,
        summary.Outcome switch
        {
            "completed" => RowOutcome.Finished,
            "stopped" => RowOutcome.Stopped,
            _ => RowOutcome.Failed,
        },
        summary.Reason,
        summary.TestAccuracy,
        summary.WallSeconds,
        summary.Epochs,
        images,
        summary.WeightsSha256,
        [.. MetricsLog.Read(folder.Metrics).Where(record => (string?)record["type"] == "epoch").Select(Point)])
    {
        Lag = File.Exists(folder.ReplayLog) ? LagSummary.Of(ReplayLog.Read(folder.ReplayLog).Entries) : null,
    };

    /// <summary>A row that did not come to anything worth recording.</summary>
    public static RowRun Failure(ulong seed, string folder, string reason, int images) =>
        new(seed, folder, RowOutcome.Failed, reason, null, 0, 0, images, "", []);

    private static CurvePoint Point(JsonObject epoch) =>
        new((int)epoch["epoch"]!, (double)epoch["elapsedSeconds"]!, (double)epoch["testAccuracy"]!);
}
