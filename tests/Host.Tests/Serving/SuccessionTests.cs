using NoProp.Actors.Hosting;
using NoProp.Host.Serving;
using NoProp.Models;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary>What is served when a run gives way to another, or cannot be served any more.</summary>
public sealed class SuccessionTests
{
    private readonly TaskCompletionSource again = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_run_that_cannot_be_served_any_more_ends_the_service_with_its_reason()
    {
        await using ServedFolder folder = await ServedFolder.StartAsync();
        Replaceable run = new(await ServedRun.OpenAsync(folder.Run.Path, file => SettingsLoader.Load(file), null, _ => { }));
        Succession service = new(_ => throw new InvalidOperationException(), keys: null, insecure: false, _ => { });

        Task served = service.ServeAsync(run, CancellationToken.None);
        run.Fail(new NoPropException("this node was removed from the cluster"));

        NoPropException end = await Assert.ThrowsAsync<NoPropException>(() => served);
        Assert.Equal("this node was removed from the cluster", end.Message);
        Assert.True(run.IsOver);
    }

    [Fact]
    public async Task A_run_that_follows_answers_at_the_same_port()
    {
        await using ServedFolder folder = await ServedFolder.StartAsync();
        Replaceable first = new(await ServedRun.OpenAsync(folder.Run.Path, file => SettingsLoader.Load(file), null, _ => { }));
        List<string> told = [];
        TaskCompletionSource<int?> asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource stop = new();
        Succession service = new(
            async port =>
            {
                asked.SetResult(port);
                return await ServedRun.OpenAsync(folder.Run.Path, file => SettingsLoader.Load(file, [$"noprop.serve.listen=127.0.0.1:{port}"]), null, _ => { });
            },
            keys: null,
            insecure: false,
            Told);

        Task served = service.ServeAsync(first, stop.Token);
        first.Succeed();
        int? port = await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await again.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await served;

        Assert.Equal(port, new Uri(told[0]).Port);
        Assert.True(first.IsOver);

        void Told(string line)
        {
            told.Add(line);
            if (line.EndsWith("answers from now on", StringComparison.Ordinal))
            {
                again.TrySetResult();
            }
        }
    }

    /// <summary>A run that gives way when it is told to.</summary>
    private sealed class Replaceable(IServedRun run) : IServedRun
    {
        private readonly TaskCompletionSource succeeded = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => run.Name;

        public NoPropSettings Settings => run.Settings;

        public InferenceService Inference => run.Inference;

        public long? Step => run.Step;

        public Task Succeeded => succeeded.Task;

        public bool IsOver { get; private set; }

        public void Fail(NoPropException reason) => succeeded.SetException(reason);

        public void Succeed() => succeeded.SetResult();

        public IAsyncEnumerable<MetricsRecord?> RecordsAsync(string? after, CancellationToken stop) => run.RecordsAsync(after, stop);

        public async ValueTask DisposeAsync()
        {
            await run.DisposeAsync();
            IsOver = true;
        }
    }
}
