using System.Collections.Immutable;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Inference;

/// <summary>Takes apart what the chain has answered to a batch.</summary>
internal static class PredictionMath
{
    /// <summary>The answer to each request, in their order.</summary>
    /// <param name="batch">A batch with all its answers.</param>
    /// <param name="classes">Classes m.</param>
    /// <param name="now">The time.</param>
    public static IEnumerable<Prediction> Read(BatchInChain batch, int classes, TimeSpan now)
    {
        Classified[] answers = [.. batch.Answers.OfType<Classified>()];
        ImmutableArray<BlockAnswer> blocks =
        [
            .. Enumerable.Range(0, answers.Max(answer => answer.Versions.Length)).Select(i => new BlockAnswer(
                i + 1,
                answers.Last(answer => answer.Versions.Length > i).Versions[i],
                answers.Where(answer => answer.Times.Length > i).Aggregate(TimeSpan.Zero, (sum, answer) => sum + answer.Times[i]))),
        ];
        int row = 0;
        foreach (PendingPredict pending in batch.Requests)
        {
            // Each draw: in an answer of its own, or from a row on in the one answer.
            (Classified Answer, int Row)[] draws =
            [
                .. Enumerable.Range(0, pending.Options.Samples).Select(sample => pending.Alone ? (answers[sample], 0) : (answers[0], row + (sample * pending.Images))),
            ];
            row += pending.Rows;
            yield return new(
                [.. Enumerable.Range(0, pending.Images).Select(image => Image(draws, image, pending.Request.StopAt, classes))],
                blocks,
                answers[^1].HeadVersion,
                pending.Options,
                batch.BatchSize,
                now - pending.At);
        }
    }

    private static ImagePrediction Image((Classified Answer, int Row)[] draws, int image, double? stopAt, int classes)
    {
        int depth = draws.Max(draw => DepthOf(draw.Answer, draw.Row + image, stopAt, classes));
        ImmutableArray<float> probabilities = Mean(draws, image, classes, answer => answer.Probabilities[stopAt is null ? ^1 : Index.FromStart(Math.Min(depth, answer.Probabilities.Length) - 1)]);
        IReadOnlyList<ChainSight> sights = draws.MinBy(draw => draw.Answer.Sights.Length).Answer.Sights;
        return new(
            probabilities.IndexOf(probabilities.Max()),
            probabilities,
            depth,
            [
                .. sights.Select((sight, i) => new TracePoint(
                    sight.Block, sight.Step, (int)draws[0].Answer.Sights[i].Nearest[draws[0].Row + image], Mean(draws, image, classes, answer => answer.Sights[i].Probabilities))),
            ]);
    }

    /// <summary>The first block that was sure enough of one draw, or the last one that answered.</summary>
    private static int DepthOf(Classified answer, int row, double? stopAt, int classes)
    {
        for (int depth = 1; stopAt is { } enough && depth < answer.Versions.Length; depth++)
        {
            if (Row(answer.Probabilities[depth - 1], row, classes).ToArray().Max() >= enough)
            {
                return depth;
            }
        }

        return answer.Versions.Length;
    }

    private static ImmutableArray<float> Mean((Classified Answer, int Row)[] draws, int image, int classes, Func<Classified, float[]> of)
    {
        float[] mean = new float[classes];
        foreach ((Classified answer, int row) in draws)
        {
            ReadOnlySpan<float> probabilities = Row(of(answer), row + image, classes);
            for (int y = 0; y < classes; y++)
            {
                mean[y] += probabilities[y] / draws.Length;
            }
        }

        return [.. mean];
    }

    private static ReadOnlySpan<float> Row(float[] values, int row, int classes) => values.AsSpan(row * classes, classes);
}
