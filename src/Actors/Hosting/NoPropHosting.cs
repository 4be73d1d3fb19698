using System.Reflection;
using Akka.Actor;
using Akka.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Methods;
using NoProp.Models.Native;

namespace NoProp.Actors.Hosting;

/// <summary>The one place that wires the actors.</summary>
public static class NoPropHosting
{
    /// <summary>Name of the worker of a run on one machine.</summary>
    public const string LocalWorker = "local";

    /// <summary>Name of a worker's loader below the parent of both.</summary>
    internal const string Loader = "loader";

    // Nothing in a run on one machine waits for less than a fifth of a second, and to wake a hundred times a second costs a percent of two cores.
    private const string SlowClock = "akka.scheduler.tick-duration = 50ms";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Adds a training run: loader, recorder, inference, evaluation, trainer with its head, and one worker that begins at once.</summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="plan">The run.</param>
    /// <param name="observer">Told every event, on a thread of the actor system: it should not take long.</param>
    public static AkkaConfigurationBuilder WithNoPropTraining(this AkkaConfigurationBuilder builder, RunPlan plan, Action<RunEvent> observer) => builder
        .AddHocon(plan.Config, HoconAddMode.Prepend)
        .AddHocon(SlowClock, HoconAddMode.Append)
        .WithInference(plan.Method, plan.Settings.Devices[0])
        .WithActors((system, registry) =>
        {
            IActorRef trainer = StartTrainer(system, plan, registry.Get<InferenceActor>(), Observer(system, observer), isAlone: true);
            registry.Register<TrainerActor>(trainer);
            StartWorker(system, plan, trainer, LocalWorker);
        });

    /// <summary>Starts all of a run but its workers: recorder, evaluation, and the trainer with its head.</summary>
    /// <param name="parent">The actor system, or the actor whose children they are.</param>
    /// <param name="plan">The run.</param>
    /// <param name="inference">The chain that is tested.</param>
    /// <param name="observer">Told every event.</param>
    /// <param name="isAlone">Whether the chain and all workers are in this process.</param>
    internal static IActorRef StartTrainer(IActorRefFactory parent, RunPlan plan, IActorRef inference, IActorRef observer, bool isAlone = false)
    {
        NoPropSettings settings = plan.Settings;
        EvaluationSettings evaluate = new(settings.Evaluate.BatchSize, settings.Evaluate.Samples, settings.Evaluate.Stochastic, settings.Training.Seed);

        IMethod method = plan.Trained;
        RunGoal goal = new(
            method.Blocks, plan.BlockStepsPerEpoch, settings.Epochs, settings.Training.Seed, plan.Catalog.Parse(settings.Policies), settings.Lease.Timeout)
        {
            Coupled = method.Coupled,
            Replicas = method.Replicas,
            Catalog = plan.Catalog,
            Weights = [.. BlockId.UpTo(method.Blocks).Select(method.SamplingWeight)],
        };

        IActorRef? recorder = plan.Folder is null ? null : parent.ActorOf(
            RunRecorderActor.Props(
                plan.Folder,
                new(settings.Metrics.EverySteps, settings.Metrics.TensorBoard, settings.Checkpoint.Keep, policies => SettingsHocon.ToHocon(settings with { Policies = policies })),
                Describe(plan),
                plan.History),
            "recorder");
        IActorRef evaluation = parent.ActorOf(EvaluationActor.Props(inference, plan.Dataset, evaluate), "evaluation");
        return parent.ActorOf(
            Props.Create(() => new TrainerActor(
                goal,
                plan.Resume,
                new TrainerCadence(settings.Evaluate.EveryEpochs, settings.Checkpoint.EveryEpochs, settings.Checkpoint.MinInterval),
                SupervisionOf(plan),
                new TrainerPartners(
                    inference, evaluation, recorder, observer,
                    HeadActor.Props(method, plan.Batches(), settings.Training.Seed), (block, schedule, from) => CenterActor.Props(block, method, schedule, from),
                    isAlone))),
            "trainer");
    }

    /// <summary>Starts a worker of a run and the loader of its mini-batches.</summary>
    /// <param name="parent">The actor system, or the actor whose children they are.</param>
    /// <param name="plan">The run.</param>
    /// <param name="trainer">The trainer, or what stands for it; asked for images too, where this node has none.</param>
    /// <param name="name">Name in leases and metrics.</param>
    internal static IActorRef StartWorker(IActorRefFactory parent, RunPlan plan, IActorRef trainer, string name)
    {
        NoPropSettings settings = plan.Settings;
        IMethod method = plan.Trained;
        IActorRef loader = parent.ActorOf(
            DataLoaderActor.Props(
                plan.Batches(),
                plan.Method.Blocks,
                settings.Loader.Prefetch,
                settings.Loader.CachedBatches,
                plan.Remote is { } remote ? new(trainer, name, remote.Server, PatienceWithImages(settings)) : null,
                settings.Data.Resident),
            Loader);
        Dictionary<ComputeDevice, IActorRef> stacks = StartStacks(parent, settings, method);
        Func<BlockId, ComputeDevice, Props> blockProps = (block, device) => stacks.TryGetValue(device, out IActorRef? stack)
            ? StackedBlockActor.Props(block, loader, stack, Patience, device)
            : BlockActor.Props(block, method, loader, Patience, settings.Metrics.ProbeEvery, device);
        return parent.ActorOf(Props.Create(() => new WorkerActor(trainer, name, settings.DeviceSlots, SupervisionOf(plan), blockProps)), "worker");
    }

    private static Dictionary<ComputeDevice, IActorRef> StartStacks(IActorRefFactory parent, NoPropSettings settings, IMethod method) => method.Stacks is { } create
        ? settings.StackedDevices.Select((device, i) => (Device: device, Stack: parent.ActorOf(StackActor.Props(() => create(device)), $"stack-{i + 1}")))
            .ToDictionary(made => made.Device, made => made.Stack)
        : [];

    /// <summary>
    /// How long a loader waits for the images of a mini-batch: it says so before the block that waits for them loses its lease without a word.
    /// </summary>
    internal static TimeSpan PatienceWithImages(NoPropSettings settings) => settings.Lease.Timeout / 2 < Patience ? settings.Lease.Timeout / 2 : Patience;

    /// <summary>Hands a run's events to code that is no actor.</summary>
    internal static IActorRef Observer(IActorRefFactory parent, Action<RunEvent> observer) => parent.ActorOf(Props.Create(() => new ObserverActor(observer)), "observer");

    private static Supervision SupervisionOf(RunPlan plan) => new(plan.Settings.Supervision.MaxFailures, plan.Settings.Supervision.Within);

    /// <summary>Adds the inference chain alone, without snapshots.</summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="method">Method.</param>
    /// <param name="device">Where its blocks compute.</param>
    public static AkkaConfigurationBuilder WithInference(this AkkaConfigurationBuilder builder, IMethod method, ComputeDevice device = default) => builder
        .WithActors((system, registry) => registry.Register<InferenceActor>(system.ActorOf(InferenceActor.Props(method, device), "inference")));

    /// <summary>What a run was, for its summary.</summary>
    public static RunDescription Describe(RunPlan plan) => Describe(plan.Settings, plan.Catalog.Parse(plan.Settings.Policies));

    private static RunDescription Describe(NoPropSettings settings, PolicySet policies) => new(
        settings.Training.Method.ToString().ToLowerInvariant(),
        settings.Data.Name,
        settings.Training.Network.Kind.ToString().ToLowerInvariant(),
        settings.Training.Blocks,
        policies.Blocks.Name,
        settings.SlotCount,
        settings.Training.Seed,
        Versions())
    {
        Policies = PolicyTable.Texts(settings.Policies),
    };

    /// <summary>Versions of the software that runs.</summary>
    public static IReadOnlyDictionary<string, string> Versions() => new Dictionary<string, string>
    {
        ["noprop"] = VersionOf(typeof(NoPropHosting)),
        ["dotnet"] = Environment.Version.ToString(),
        ["akka"] = VersionOf(typeof(ActorSystem)),
        ["torchsharp"] = VersionOf(typeof(TorchSharp.torch)),
        ["libtorch"] = TorchRuntime.Version,
    };

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Hands events to code that is no actor.</summary>
    private sealed class ObserverActor : ReceiveActor
    {
        public ObserverActor(Action<RunEvent> observer) => Receive<RunEvent>(observer);
    }
}
