using System.Collections.Concurrent;
using Akka.Actor;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using ClusterSettings = NoProp.Actors.Cluster.ClusterSettings;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>A small cluster in this process, and a run on it.</summary>
internal sealed class ClusterRuns
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Nodes nodes = new();
    private readonly string temp = Directory.CreateTempSubdirectory("noprop-cluster-").FullName;
    private readonly ConcurrentQueue<RunEvent> events = new();
    private readonly List<(Func<long, bool> At, Action Do)> pending = [];
    private long committed;
    private IActorRef manager = ActorRefs.Nobody;
    private ClusterNode client = null!;

    /// <summary>What the follower of the run has been told.</summary>
    public IReadOnlyCollection<RunEvent> Events => events;

    /// <summary>Folder of the run that was trained.</summary>
    public string Folder => Path.Combine(temp, "run");

    /// <summary>A trainer, more of them, or one that joins another.</summary>
    public async Task<ClusterNode> TrainerAsync(ClusterNode? join = null)
    {
        ClusterSettings settings = Nodes.Settings(NodeRole.Trainer, join?.Address);
        ClusterNode node = await nodes.StartAsync(settings, Compute);
        ClusterHosting.StartManager(node.System, settings, new TestRunStore(temp));
        return node;
    }

    /// <summary>A worker of one slot.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="join">Whom it joins.</param>
    /// <param name="left">Called when it was asked to leave, and holds nothing.</param>
    /// <param name="data">Where its images come from.</param>
    /// <param name="more">Other roles of it.</param>
    public async Task<ClusterNode> WorkerAsync(string name, ClusterNode join, Action? left = null, DataPlace data = DataPlace.Local, params NodeRole[] more)
    {
        ClusterSettings settings = Nodes.Settings(NodeRole.Worker, join.Address) with { Data = data };
        ClusterNode node = await nodes.StartAsync(settings with { Roles = [NodeRole.Worker, .. more] }, Compute);
        ClusterHosting.StartWorker(node.System, settings, ClusterHosting.Manager(node.System), name, DeviceSlots.OnCpu(1), new TestRunStore(temp), left ?? (() => { }));
        return node;
    }

    /// <summary>When so many steps of blocks are committed, something happens.</summary>
    public void At(long steps, Action act) => pending.Add((made => made >= steps, act));

    /// <summary>Submits a run and follows it to its end.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="join">A node of the cluster that stays.</param>
    public async Task<RunEnded> TrainAsync(RunPlan plan, ClusterNode join)
    {
        await ConnectAsync(join);
        object answer = await AskAsync(new SubmitRun(SettingsHocon.ToHocon(plan.Settings), "run"));
        return answer is RunAccepted ? await FollowAsync() : throw new InvalidOperationException($"{answer}");
    }

    /// <summary>Asks the singleton.</summary>
    public Task<object> AskAsync(object question) => manager.Ask<object>(question, Patience);

    /// <summary>A member that asks and follows.</summary>
    public async Task ConnectAsync(ClusterNode join)
    {
        client = await nodes.StartAsync(Nodes.Settings(join: join.Address) with { Roles = [] }, Compute);
        manager = ClusterHosting.Manager(client.System);
    }

    public async Task EndAsync()
    {
        await nodes.EndAsync();
        Directory.Delete(temp, recursive: true);
    }

    /// <summary>Follows the run to its end.</summary>
    /// <param name="run">Its name.</param>
    public async Task<RunEnded> FollowAsync(string run = "run")
    {
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.System.ActorOf(RunFollowerActor.Props(manager, run, Nodes.Base, Watch, ended));
        return await ended.Task.WaitAsync(Patience);
    }

    private static Akka.Configuration.Config Compute => SettingsLoader.Load(overrides: ["noprop.slots=1"]).Config;

    // Each event is told once, on the follower's own thread.
    private void Watch(RunEvent runEvent)
    {
        events.Enqueue(runEvent);
        committed = runEvent switch
        {
            RunStarted started => started.Clocks.Sum(),
            StepsTrained trained => committed + trained.Steps.Count,
            _ => committed,
        };
        foreach ((Func<long, bool> At, Action Do) due in pending.Where(act => act.At(committed)).ToArray())
        {
            pending.Remove(due);
            due.Do();
        }
    }
}
