using System.Globalization;
using System.Text.RegularExpressions;
using NoProp.Host.Tests.Processes;

namespace NoProp.Host.Tests.Runs;

/// <summary>Memory of a training process.</summary>
internal sealed record MemorySample(int BlockSteps, long Bytes);

/// <summary><c>noprop train</c> with nothing but defaults, made once when first asked for, with its memory watched.</summary>
public sealed partial class DefaultRun : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly List<MemorySample> memory = [];
    private readonly Lazy<Task<string>> path;

    public DefaultRun() => path = new(TrainAsync);

    /// <summary>A sample for each line of progress.</summary>
    internal async Task<IReadOnlyList<MemorySample>> MemoryAsync()
    {
        await PathAsync();
        return memory;
    }

    /// <summary>The run's folder: whoever wants to change it makes a copy.</summary>
    internal Task<string> PathAsync() => path.Value;

    public void Dispose() => folder.Dispose();

    private async Task<string> TrainAsync()
    {
        using NopropProcess process = NopropProcess.Start(folder.Path, "train", "--out", "run");
        await foreach (string line in process.Lines)
        {
            if (Progress().Match(line) is { Success: true } progress && process.ResidentBytes() is { } bytes)
            {
                memory.Add(new(int.Parse(progress.Groups[1].Value, CultureInfo.InvariantCulture), bytes));
            }
        }

        (await process.EndAsync()).Succeeded();
        return folder["run"];
    }

    [GeneratedRegex("""(\d+)/\d+ block steps""")]
    private static partial Regex Progress();
}
