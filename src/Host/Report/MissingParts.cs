namespace NoProp.Host.Report;

/// <summary>Says what a run does not have, and why.</summary>
internal static class MissingParts
{
    /// <summary>A sentence for each part that is not there.</summary>
    public static IEnumerable<string> Of(ReportRun run)
    {
        if (run.Blocks == 0)
        {
            yield return "Nothing is recorded: the run has not begun to train.";
            yield break;
        }

        if (run.Summary is null)
        {
            yield return "No summary: the run is in training, or was ended from outside. Figures show what is recorded so far.";
        }

        if (run.Accuracy.Count == 0)
        {
            yield return "No test accuracy: no epoch has ended yet, or noprop.evaluate.every-epochs is 0.";
        }

        if (run.Counts.Count == 0)
        {
            yield return "No lead, lag, share of movement and time: these are recorded at the end of each epoch; a run of an earlier version has none.";
        }
        else if (run.Counts.Values.All(block => block.Lag.Count == 0))
        {
            yield return "No lag and no share of movement: with a fixed embedding the blocks of this run share nothing that they move.";
        }

        if (run.Probes.Count == 0)
        {
            yield return "No cosine: no gradient was sampled. Only blocks that share what they move and train out of order are, every noprop.metrics.probe-every steps.";
        }

        if (run.Throughput.Count == 0)
        {
            yield return "No throughput and no slots over time: a run of an earlier version has none.";
        }
    }
}
