using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models.Checkpoints;
using ClusterSettings = NoProp.Actors.Cluster.ClusterSettings;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>A cluster in this process whose worker nodes answer for the blocks of a run, and the same chain in one piece beside it.</summary>
internal sealed class SpreadChain(RunPlan plan)
{
    private readonly Nodes nodes = new();
    private readonly string temp = Directory.CreateTempSubdirectory("noprop-chain-").FullName;
    private ClusterNode trainer = null!;

    public InferenceService Spread { get; private set; } = null!;

    public InferenceService Local { get; private set; } = null!;

    public ChainView View { get; private set; } = null!;

    /// <summary>A trainer without a run, and the node that is asked.</summary>
    public async Task StartAsync()
    {
        trainer = await nodes.StartAsync(Nodes.Settings(NodeRole.Trainer), Compute);
        ClusterHosting.StartManager(trainer.System, Nodes.Settings(NodeRole.Trainer), new TestRunStore(temp));
        ClusterSettings asked = Nodes.Settings(join: trainer.Address) with { Roles = [] };
        ClusterNode gateway = await nodes.StartAsync(asked, Compute);
        View = new(_ => { });
        ChainModel model = new("run", SettingsHocon.ToHocon(plan.Settings), plan.Data);
        IActorRef chain = ClusterHosting.StartChain(gateway.System, asked, ClusterHosting.Manager(gateway.System), plan.Method, model, View);
        Spread = InferenceService.Over(gateway.System, chain, plan.Settings, plan.Method, plan.Dataset, View);
        Local = InferenceService.Over(gateway.System, gateway.System.ActorOf(InferenceActor.Props(plan.Method)), plan.Settings, plan.Method, plan.Dataset);
    }

    /// <summary>A worker's node of one slot.</summary>
    public async Task<ClusterNode> WorkerAsync(string name, int slots = 1)
    {
        ClusterSettings settings = Nodes.Settings(NodeRole.Worker, trainer.Address);
        ClusterNode node = await nodes.StartAsync(settings, Compute);
        ClusterHosting.StartWorker(node.System, settings, ClusterHosting.Manager(node.System), name, DeviceSlots.OnCpu(slots), new TestRunStore(temp), () => { });
        return node;
    }

    /// <summary>Gives both chains the same states.</summary>
    public void Publish(ImmutableArray<Snapshot> snapshots)
    {
        Spread.Publish(snapshots);
        Local.Publish(snapshots);
    }

    /// <summary>The answer of the spread chain, asked again for as long as it says that it is not ready.</summary>
    public async Task<Prediction> AskAsync(PredictionRequest request)
    {
        using CancellationTokenSource patience = new(Nodes.Deadline);
        while (true)
        {
            try
            {
                return await Spread.PredictAsync(request, patience.Token);
            }
            catch (PredictionException e) when (e.Problem == PredictionProblem.NotReady)
            {
                await Task.Delay(Nodes.Base, patience.Token);
            }
        }
    }

    /// <summary>Waits until something holds.</summary>
    public static async Task AwaitAsync(Func<bool> holds)
    {
        using CancellationTokenSource patience = new(Nodes.Deadline);
        while (!holds())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    public async Task EndAsync()
    {
        await nodes.EndAsync();
        Directory.Delete(temp, recursive: true);
    }

    private static Akka.Configuration.Config Compute => SettingsLoader.Load(overrides: ["noprop.slots=1"]).Config;
}
