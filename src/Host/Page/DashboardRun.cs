using System.Runtime.CompilerServices;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Control;
using NoProp.Host.Serving;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Host.Page;

/// <summary>A run that this process trains, as its page asks for it. Checkpoints are read only while somebody follows its records.</summary>
internal sealed class DashboardRun : IServedRun
{
    private readonly RunFolder folder;
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim viewed = new(0);
    private Task following = Task.CompletedTask;
    private int viewers;
    private long taken = -1;

    private DashboardRun(RunFolder folder, NoPropSettings settings, InferenceService inference) => (this.folder, Settings, Inference) = (folder, settings, inference);

    /// <inheritdoc/>
    public string Name => folder.Path;

    /// <inheritdoc/>
    public NoPropSettings Settings { get; }

    /// <inheritdoc/>
    public InferenceService Inference { get; }

    /// <inheritdoc/>
    public long? Step => Volatile.Read(ref taken) is >= 0 and long step ? step : null;

    /// <inheritdoc/>
    public bool IsInTraining => true;

    /// <inheritdoc/>
    public string? RunsFolder => Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(folder.Path)));

    /// <summary>Whether somebody follows its records.</summary>
    public bool HasViewers => Volatile.Read(ref viewers) > 0;

    /// <summary>Starts what answers; nothing is read yet.</summary>
    public static async Task<DashboardRun> StartAsync(RunPlan plan)
    {
        IMethod method = MethodCatalog.CreateForBlocks(plan.Settings.Training, DataDescription.Of(plan.Dataset));
        InferenceService inference = await InferenceService.StartAsync(new LoadedSettings(plan.Settings, plan.Config), method, plan.Dataset);
        DashboardRun run = new(RunFolder.Read(plan.Folder!.Path), plan.Settings, inference);
        run.following = Task.Run(run.FollowAsync);
        return run;
    }

    /// <inheritdoc/>
    public IRunPolicies? OpenPolicies() => ControlClient.ForRun(folder.Path);

    /// <inheritdoc/>
    public async IAsyncEnumerable<MetricsRecord?> RecordsAsync(string? after, [EnumeratorCancellation] CancellationToken stop)
    {
        if (Interlocked.Increment(ref viewers) == 1)
        {
            viewed.Release();
        }

        try
        {
            await foreach (MetricsRecord? record in new MetricsTail(folder.Metrics).ReadAsync(after, stop))
            {
                yield return record;
            }
        }
        finally
        {
            Interlocked.Decrement(ref viewers);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await following;
        await Inference.DisposeAsync();
        folder.Dispose();
        stop.Dispose();
        viewed.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            while (true)
            {
                await viewed.WaitAsync(stop.Token);
                while (HasViewers)
                {
                    TakeNewest();
                    await Task.Delay(Settings.Serve.Refresh, stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void TakeNewest()
    {
        try
        {
            if (folder.Checkpoints.Steps() is [.., long newest] && newest != taken)
            {
                Checkpoint checkpoint = folder.Checkpoints.Load(newest);
                Inference.Publish([.. checkpoint.Snapshots]);
                Volatile.Write(ref taken, newest);
            }
        }
        catch (Exception e) when (e is NoPropException or IOException or UnauthorizedAccessException)
        {
            // Newer ones take the place of old ones: the next look finds what is there then.
        }
    }
}
