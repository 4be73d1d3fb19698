using NoProp.Host.Report.Figures;

namespace NoProp.Host.Report;

/// <summary>A figure of a report.</summary>
/// <param name="Id">A word for its file.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it.</param>
/// <param name="Png">The picture.</param>
internal sealed record ReportFigure(string Id, string Title, string Caption, byte[] Png)
{
    /// <summary>All figures that there are data for, in the order of the report.</summary>
    public static IReadOnlyList<ReportFigure> Draw(IReadOnlyList<ReportRun> runs)
    {
        List<ReportFigure> figures = [];
        Add("accuracy", "Test accuracy", "The whole chain on the test set, after equal updates, equal samples and equal time. Dashed lines are switches of policies.", CurveFigures.Accuracy(runs));
        Add(
            "error",
            "Error in training",
            "Squared error of the blocks' answers on their mini-batches, on the same three axes; the mean is that of the newest errors of all blocks.",
            CurveFigures.Error(runs));
        Add("depth", "Accuracy per depth", "Share of test images that are read right when the chain is cut off after each block, at the last test.", CurveFigures.Depth(runs));
        foreach ((ReportRun run, int place) in runs.Select((run, place) => (run, place)))
        {
            Add(
                Own("staleness", place),
                Of("Lead and lag", run),
                "Each row sums to 100 %. Lead: how far a block was ahead after each of its commits. Lag: how many versions old its gradients were when they met "
                    + "the shared parameters; one version counts for the label embedding, the classifier and the schedule alike.",
                HistogramFigure.Draw(run));
        }

        Add("movement", "Share of W's movement", "Lengths of W's movements by the gradients of each block, as a share of all.", BarFigures.Movement(runs));
        Add(
            "cosine",
            "Stale and fresh gradients",
            "Sampled gradients by the label embedding (by all that is shared where it is fixed), against the same ones at the version that they met: 1 is full agreement.",
            CosineFigure.Draw(runs));
        foreach ((ReportRun run, int place) in runs.Select((run, place) => (run, place)))
        {
            Add(
                Own("time", place),
                Of("Where the time went", run),
                "Each block's time: arithmetic, waiting under a lease by what came last, and the time in which no worker had a lease on it.",
                BarFigures.Time(run));
        }

        Add(
            "throughput",
            "Throughput",
            "Block steps a second, and the slots of workers: alive, holding a lease, and contributing, that is with an accepted commit in the last 10 s or so.",
            ThroughputFigure.Draw(runs));
        return figures;

        void Add(string id, string title, string caption, byte[]? png)
        {
            if (png is not null)
            {
                figures.Add(new(id, title, caption, png));
            }
        }

        string Own(string id, int place) => runs.Count == 1 ? id : $"{id}-{place + 1}";

        string Of(string title, ReportRun run) => runs.Count == 1 ? title : $"{title}, {run.Name}";
    }
}
