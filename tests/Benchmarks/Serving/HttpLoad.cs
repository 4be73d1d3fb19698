using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using NoProp.Models.Data;

namespace NoProp.Benchmarks.Serving;

/// <summary>What clients saw.</summary>
internal sealed class LoadResult
{
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly ConcurrentBag<double> latencies = [];
    private readonly ConcurrentDictionary<long, bool> versions = [];
    private int answered;
    private int failed;
    private int wrongShapes;
    private long batches;

    /// <summary>Requests that were answered.</summary>
    public int Answered => answered;

    /// <summary>Requests that were not.</summary>
    public int Failed => failed;

    /// <summary>Answers that do not have one image with ten probabilities.</summary>
    public int WrongShapes => wrongShapes;

    /// <summary>Versions of the first block that answered.</summary>
    public int Versions => versions.Count;

    /// <summary>Time since the beginning, or of all where it is over.</summary>
    public TimeSpan Elapsed => over ?? Stopwatch.GetElapsedTime(start);

    /// <summary>Answers a second.</summary>
    public double PerSecond => Answered / Elapsed.TotalSeconds;

    /// <summary>Images in the batch of an answer, mean over batches.</summary>
    public double MeanBatch => Answered == 0 ? 1 : Answered / (batches / 1e6);

    private TimeSpan? over;

    /// <summary>A quantile of the time of an answer.</summary>
    public double Milliseconds(double quantile)
    {
        double[] sorted = [.. latencies.Order()];
        return sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, quantile * sorted.Length)];
    }

    /// <summary>The load is over.</summary>
    public void End() => over = Elapsed;

    /// <summary>One more answer; the number of it.</summary>
    public int Add(TimeSpan time, JsonElement answer)
    {
        latencies.Add(time.TotalMilliseconds);
        JsonElement images = answer.GetProperty("images");
        if (images.GetArrayLength() != 1 || images[0].GetProperty("probabilities").GetArrayLength() != 10)
        {
            Interlocked.Increment(ref wrongShapes);
        }

        versions.TryAdd(answer.GetProperty("blocks")[0].GetProperty("version").GetInt64(), true);
        // Each answer has its part in a batch.
        Interlocked.Add(ref batches, 1_000_000 / answer.GetProperty("batch").GetInt32());
        return Interlocked.Increment(ref answered);
    }

    /// <summary>One more that failed.</summary>
    public void Fail() => Interlocked.Increment(ref failed);
}

/// <summary>Clients that each ask about one image after another.</summary>
internal static class HttpLoad
{
    /// <summary>Test images of the digits as raw bytes.</summary>
    public static byte[][] Digits()
    {
        using Dataset digits = Models.Data.Digits.Load();
        return [.. digits.Test.Images.contiguous().bytes.ToArray().Chunk(digits.Shape.Pixels)];
    }

    /// <summary>Asks as long as it is wanted.</summary>
    public static async Task<LoadResult> RunAsync(Uri address, byte[][] images, int clients, Func<LoadResult, bool> goOn, CancellationToken stop, Action<int>? answered = null)
    {
        LoadResult result = new();
        Lock telling = new();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(
            async () =>
            {
                using LoadConnection connection = new(address);
                for (int i = client; goOn(result); i += clients)
                {
                    long start = Stopwatch.GetTimestamp();
                    if (await connection.PostAsync("/v1/predict", images[i % images.Length], stop) is not { } body)
                    {
                        result.Fail();
                        continue;
                    }

                    using JsonDocument answer = JsonDocument.Parse(body);
                    int count = result.Add(Stopwatch.GetElapsedTime(start), answer.RootElement);
                    if (answered is not null)
                    {
                        lock (telling)
                        {
                            answered(count);
                        }
                    }
                }
            },
            stop)));
        result.End();
        return result;
    }
}
