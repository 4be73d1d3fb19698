using System.Text;
using NoProp.Host.Serving;
using NoProp.Host.Tests.Processes;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary>A file of metrics, read while it is written.</summary>
public sealed class MetricsTailTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string File => folder["metrics.jsonl"];

    [Fact]
    public async Task What_is_there_comes_first_and_then_what_is_written()
    {
        Append("""{"type":"start"}""", """{"type":"steps","block":1}""");
        await using IAsyncEnumerator<MetricsRecord?> tail = Tail(null);

        string[] before = [await NextAsync(tail), await NextAsync(tail)];
        Append("""{"type":"epoch"}""");

        Assert.Equal(["start", "steps", "epoch"], [.. before, await NextAsync(tail)]);
    }

    [Fact]
    public async Task A_line_that_is_not_whole_yet_waits_for_its_end()
    {
        System.IO.File.WriteAllText(File, """{"type":"st""");
        await using IAsyncEnumerator<MetricsRecord?> tail = Tail(null);
        Assert.True(await tail.MoveNextAsync());
        Assert.Null(tail.Current);

        System.IO.File.AppendAllText(File, "eps\"}\n");

        Assert.Equal("steps", await NextAsync(tail));
    }

    [Fact]
    public async Task Who_comes_back_goes_on_after_the_last_record()
    {
        Append("""{"type":"start"}""", """{"type":"steps"}""", """{"type":"epoch"}""");
        await using IAsyncEnumerator<MetricsRecord?> first = Tail(null);
        await NextAsync(first);
        await NextAsync(first);

        await using IAsyncEnumerator<MetricsRecord?> second = Tail(first.Current!.Id);

        Assert.Equal("epoch", await NextAsync(second));
    }

    [Fact]
    public async Task Who_wants_only_what_comes_is_spared_what_was()
    {
        Append("""{"type":"start"}""");
        await using IAsyncEnumerator<MetricsRecord?> tail = Tail(MetricsTail.Now);
        Assert.True(await tail.MoveNextAsync());
        Assert.Null(tail.Current);

        Append("""{"type":"epoch"}""");

        Assert.Equal("epoch", await NextAsync(tail));
    }

    [Fact]
    public async Task Records_that_a_resumed_run_takes_back_are_announced_and_the_rest_sent_again()
    {
        Append("""{"type":"start"}""", """{"type":"steps"}""");
        await using IAsyncEnumerator<MetricsRecord?> tail = Tail(null);
        string[] before = [await NextAsync(tail), await NextAsync(tail)];

        AtomicFile.Write(File, "{\"type\":\"start\"}\n");

        Assert.Equal(["start", "steps", "rewound", "start"], [.. before, await NextAsync(tail), await NextAsync(tail)]);
    }

    public void Dispose() => folder.Dispose();

    private void Append(params string[] lines) => System.IO.File.AppendAllText(File, string.Concat(lines.Select(line => line + "\n")), new UTF8Encoding(false));

    private IAsyncEnumerator<MetricsRecord?> Tail(string? after) => new MetricsTail(File).ReadAsync(after, CancellationToken.None).GetAsyncEnumerator();

    private static async Task<string> NextAsync(IAsyncEnumerator<MetricsRecord?> tail)
    {
        while (await tail.MoveNextAsync())
        {
            if (tail.Current is { } record)
            {
                return record.Type;
            }
        }

        throw new InvalidOperationException("the records have ended");
    }
}
