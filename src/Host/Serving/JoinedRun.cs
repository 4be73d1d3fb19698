using System.Runtime.CompilerServices;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Cluster;
using NoProp.Host.Control;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Host.Serving;

/// <summary>The run that a cluster has in training. Its states come over the network, and stay when it ends.</summary>
internal sealed class JoinedRun : IServedRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ClusterClient client;
    private readonly EventRecords records = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Action<string> tell;
    private readonly TaskCompletionSource succeeded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task following = Task.CompletedTask;
    private volatile bool isOver;

    private JoinedRun(ClusterClient client, string name, NoPropSettings settings, InferenceService inference, Action<string> tell) =>
        (this.client, Name, Settings, Inference, this.tell) = (client, name, settings, inference, tell);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public NoPropSettings Settings { get; }

    /// <inheritdoc/>
    public InferenceService Inference { get; }

    /// <inheritdoc/>
    public long? Step => null;

    /// <inheritdoc/>
    public Task Succeeded => succeeded.Task;

    /// <summary>Joins a cluster and begins to follow its run.</summary>
    /// <param name="loaded">Settings of this process.</param>
    /// <param name="tell">Told what happens, a line each.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NoPropException">No run is in training, or nobody answers.</exception>
    public static async Task<JoinedRun> OpenAsync(LoadedSettings loaded, Action<string> tell, CancellationToken cancellation)
    {
        ClusterClient client = await ClusterClient.JoinAsync(loaded, cancellation);
        try
        {
            PublishedStates published = await client.AskAsync(new GetPublished(null), "what it trains", Patience) as PublishedStates
                ?? throw new NoPropException("no run is in training: serve the folder of one that has ended");
            NoPropSettings run = SettingsLoader.Load(new SettingsFile($"the settings of {published.Run}", published.Settings)).Settings;
            NoPropSettings own = loaded.Settings;
            NoPropSettings settings = run with { Serve = own.Serve, Inference = own.Inference, Cluster = own.Cluster, Slots = own.Slots };
            using Dataset dataset = published.Data.WithoutImages() with { ClassNames = published.ClassNames };
            IMethod method = MethodCatalog.CreateForBlocks(run.Training, published.Data);
            InferenceService inference = settings.Inference.Chain == ChainPlace.Distributed
                ? client.Spread(published, settings, method, dataset, tell)
                : await InferenceService.StartAsync(loaded with { Settings = settings }, method, dataset);
            JoinedRun joined = new(client, published.Run, settings, inference, tell);
            joined.following = Task.WhenAll(joined.FollowAsync(), joined.RefreshAsync(), joined.WatchAsync());
            return joined;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<MetricsRecord?> RecordsAsync(string? after, CancellationToken stop) => records.ReadAsync(after, stop);

    /// <inheritdoc/>
    public bool IsInTraining => !following.IsCompleted && !isOver;

    /// <inheritdoc/>
    public IRunPolicies? OpenPolicies() => IsInTraining ? ClusterPolicies.Over(client, Name) : null;

    /// <inheritdoc/>
    public async Task<TrainingStatus?> PlacementAsync()
    {
        try
        {
            return await client.AskAsync(new GetTrainingStatus(), "who does what", Patience) as TrainingStatus;
        }
        catch (NoPropException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await following;
        await Inference.DisposeAsync();
        await client.DisposeAsync();
        stop.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            RunEnded ended = await client.FollowAsync(Name, records.Add, stop.Token);
            isOver = true;
            await TakeNewerAsync();
            tell($"{Name} is over ({ended.Outcome.ToString().ToLowerInvariant()}): its last states go on answering");
            await AwaitNextAsync();
        }
        catch (NoPropException e)
        {
            tell(e.Message);
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Another run in training takes over when each of its blocks has a state, so that answers never stop.</summary>
    private async Task AwaitNextAsync()
    {
        string? told = null;
        using PeriodicTimer timer = new(Settings.Serve.Refresh);
        while (await timer.WaitForNextTickAsync(stop.Token))
        {
            if (await NextAsync() is not { } next)
            {
                continue;
            }

            if (next.Run != told)
            {
                tell($"{told = next.Run} is in training now: it is served in the place of {Name} when each of its blocks has a state");
            }

            NoPropSettings settings = SettingsLoader.Load(new SettingsFile($"the settings of {next.Run}", next.Settings)).Settings;
            int blocks = MethodCatalog.CreateForBlocks(settings.Training, next.Data).Blocks;
            if (BlockId.UpTo(blocks).Select(block => block.FileName).Append(InferenceService.HeadName).Except(next.States.Select(state => state.Name)).Any())
            {
                continue;
            }

            succeeded.TrySetResult();
            return;
        }
    }

    /// <summary>Another run that is in training; null where none is, or nobody says.</summary>
    private async Task<PublishedStates?> NextAsync()
    {
        try
        {
            return await client.AskAsync(new GetPublished(null), "what it trains", Patience) is PublishedStates published && published.Run != Name ? published : null;
        }
        catch (NoPropException)
        {
            return null;
        }
    }

    /// <summary>A chain that is spread over nodes ends with this member; states that are here go on answering.</summary>
    private async Task WatchAsync()
    {
        if (Settings.Inference.Chain == ChainPlace.Distributed)
        {
            NodeEnd end = await client.Ended.WaitAsync(stop.Token).ContinueWith(ended => ended.IsCompletedSuccessfully ? ended.Result : new(NodeEndKind.Left, ""), TaskScheduler.Default);
            if (!stop.IsCancellationRequested)
            {
                succeeded.TrySetException(new NoPropException($"{end.Reason}: with --chain distributed nothing answers here any more"));
            }
        }
    }

    private async Task RefreshAsync()
    {
        string? told = null;
        using PeriodicTimer timer = new(Settings.Serve.Refresh);
        try
        {
            do
            {
                // A trainer that is away comes back, or another one in its place; until then the states that are here answer.
                if (await TakeNewerAsync() is { } problem && problem != told)
                {
                    tell(told = problem);
                }
            }
            while (await timer.WaitForNextTickAsync(stop.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Takes over what is newer than what is here; says why it cannot.</summary>
    private async Task<string?> TakeNewerAsync()
    {
        try
        {
            await foreach (Snapshot snapshot in NewerAsync())
            {
                Inference.Publish([snapshot]);
            }

            return null;
        }
        catch (NoPropException e)
        {
            return e.Message;
        }
    }

    private async IAsyncEnumerable<Snapshot> NewerAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (await client.AskAsync(new GetPublished(Name), "for its states", Patience) is not PublishedStates published)
        {
            yield break;
        }

        foreach (PublishedState state in published.States.Where(state => Inference.Versions.GetValueOrDefault(state.Name, -1) != state.Clock))
        {
            cancellation.ThrowIfCancellationRequested();
            if (await ReadAsync(state) is { } snapshot)
            {
                yield return snapshot;
            }
        }
    }

    /// <summary>A state, part by part; null where it is not kept any more.</summary>
    private async Task<Snapshot?> ReadAsync(PublishedState state)
    {
        byte[] bytes = new byte[state.Length];
        for (long from = 0; from < bytes.Length;)
        {
            stop.Token.ThrowIfCancellationRequested();
            if (await client.AskAsync(new GetStatePart(Name, state.Name, state.Clock, from), "for a state", Patience) is not StatePart { Bytes.IsEmpty: false } part)
            {
                return null;
            }

            part.Bytes.CopyTo(bytes.AsMemory((int)from));
            from += part.Bytes.Length;
        }

        return new Snapshot(state.Name, state.Clock, bytes);
    }
}
