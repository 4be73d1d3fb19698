using System.Collections.Immutable;
using Akka.Actor;
using Akka.Hosting;
using NoProp.Actors.Cluster;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Actors.Hosting;

/// <summary>
/// Answers requests with a network whose states can be replaced at any time: the chain of blocks and the actor that puts requests together, in an
/// actor system of its own or in one that is there.
/// </summary>
public sealed class InferenceService : IInference, IAsyncDisposable
{
    private readonly LocalSystem? own;
    private readonly IActorRef chain;
    private readonly IActorRef batches;
    private readonly IMethod method;
    private readonly ChainView? spread;
    private readonly IActorRefProvider provider;
    private readonly CancellationTokenSource ended = new();
    private CheckpointFollower? follower;
    private ImmutableDictionary<string, long> versions = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);

    private InferenceService(LocalSystem? own, IActorRefFactory parent, IActorRef chain, NoPropSettings settings, IMethod method, Dataset dataset, ChainView? spread = null)
    {
        (this.own, this.chain, this.method, this.spread) = (own, chain, method, spread);
        provider = ((IInternalActorRef)chain).Provider;
        if (parent is ActorSystem system)
        {
            system.WhenTerminated.ContinueWith(_ => ended.Cancel(), TaskScheduler.Default);
        }

        Model = new(
            dataset.Shape, dataset.PixelMax, dataset.ClassNames, method.Blocks, method.InferenceSteps,
            new(settings.Training.Seed, settings.Evaluate.Samples, settings.Evaluate.Stochastic));
        // One batch for each thread of the chain, and one that is ready for the first that is free. Other nodes have threads of their own.
        int threads = spread is null ? settings.SlotCount : method.Blocks;
        batches = parent.ActorOf(
            MicroBatchActor.Props(chain, Model, DataDescription.Of(dataset), settings.Inference, Math.Min(method.Blocks, threads) + 1, Meter));
    }

    /// <inheritdoc/>
    public InferenceModel Model { get; }

    /// <summary>What is measured.</summary>
    public InferenceMeter Meter { get; } = new();

    /// <summary>Clock of the newest state of each block and of the head, by name; those that have none are missing.</summary>
    public IReadOnlyDictionary<string, long> Versions => versions;

    /// <summary>Names of what has no state yet: blocks, and the head.</summary>
    public IReadOnlyList<string> Missing =>
        [.. BlockId.UpTo(method.Blocks).Select(block => block.FileName).Append(HeadName).Where(name => !versions.ContainsKey(name))];

    /// <summary>Name of the head's state.</summary>
    public const string HeadName = "head";

    /// <summary>Starts a service without any state in an actor system of its own.</summary>
    /// <param name="loaded">Settings of the run.</param>
    /// <param name="method">What was trained.</param>
    /// <param name="dataset">What it was trained on; its images are not needed.</param>
    /// <exception cref="NoPropException">libtorch cannot be loaded.</exception>
    public static async Task<InferenceService> StartAsync(LoadedSettings loaded, IMethod method, Dataset dataset)
    {
        LocalSystem system = await LocalSystem.StartAsync(akka => akka.AddHocon(loaded.Config, HoconAddMode.Prepend).WithInference(method));
        return new(system, system.ActorSystem, system.Get<InferenceActor>(), loaded.Settings, method, dataset);
    }

    /// <summary>
    /// Answers with the newest checkpoint of a run, and with every newer one from when it is there: the run may be in training in another process.
    /// </summary>
    /// <param name="runFolder">The run's folder. A run that has no checkpoint yet is answered for when it has one.</param>
    /// <param name="dataset">What it was trained on, where that is a folder of images; null to look where the run found its data.</param>
    /// <param name="tell">Told what happens to checkpoints, a line each.</param>
    /// <exception cref="NoPropException">It is no run folder, its data are not there, or libtorch cannot be loaded.</exception>
    public static async Task<InferenceService> OpenAsync(string runFolder, Dataset? dataset = null, Action<string>? tell = null)
    {
        RunFolder folder = RunFolder.Read(runFolder);
        LoadedSettings loaded = SettingsLoader.Load(new SettingsFile(folder.Settings, await File.ReadAllTextAsync(folder.Settings)));
        DataSettings data = loaded.Settings.Data;
        Dataset known = dataset ?? DataCatalog.Load(data.Name, data.Directory, data.TrainLimit);
        InferenceService service = await StartAsync(loaded, MethodCatalog.CreateForBlocks(loaded.Settings.Training, DataDescription.Of(known)), known);
        if (dataset is null)
        {
            known.Dispose();
        }

        service.Follow(folder, loaded.Settings.Serve.Refresh, tell ?? (_ => { }));
        return service;
    }

    /// <summary>A service over a chain that is there, for example that of a run in training. Its states are whatever that chain is given.</summary>
    /// <param name="parent">The actor system.</param>
    /// <param name="chain">The inference actor.</param>
    /// <param name="settings">Settings of the run.</param>
    /// <param name="method">What is trained.</param>
    /// <param name="dataset">What it is trained on.</param>
    /// <param name="spread">What is seen of the chain where it is spread over nodes; null where it is here.</param>
    public static InferenceService Over(IActorRefFactory parent, IActorRef chain, NoPropSettings settings, IMethod method, Dataset dataset, ChainView? spread = null) =>
        new(own: null, parent, chain, settings, method, dataset, spread);

    /// <summary>Why the nodes of the chain cannot answer now; null where they can, or where the chain is here.</summary>
    public string? Problem => spread?.Problem;

    /// <summary>Block steps of the checkpoint that answers; null before the first, or where none is followed.</summary>
    public long? Step => follower?.Taken;

    /// <summary>Takes the newest checkpoint of a run, and every newer one from when it is there, until this service is disposed of.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="every">Time between two looks.</param>
    /// <param name="tell">Told what happens, a line each.</param>
    /// <exception cref="InvalidOperationException">It follows a run already.</exception>
    public void Follow(RunFolder folder, TimeSpan every, Action<string> tell)
    {
        if (follower is not null)
        {
            throw new InvalidOperationException("a run is followed already");
        }

        follower = new(folder, every, Take, tell);

        void Take(Checkpoint checkpoint)
        {
            Publish([.. checkpoint.Snapshots]);
            tell(FormattableString.Invariant($"answers with the checkpoint of {checkpoint.Step} block steps"));
        }
    }

    /// <summary>Takes newer states: requests that come later are answered with them.</summary>
    public void Publish(IReadOnlyCollection<Snapshot> snapshots)
    {
        chain.Tell(new PublishSnapshots([.. snapshots]));
        versions = versions.SetItems(snapshots.Select(snapshot => KeyValuePair.Create(snapshot.Name, snapshot.Clock)));
    }

    /// <inheritdoc/>
    public async Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellation = default)
    {
        Check(request);
        Predict predict = new(Guid.NewGuid(), request);
        AnswerRef asker = new(provider);
        await using CancellationTokenRegistration withdrawn = cancellation.UnsafeRegister(_ => asker.Cancel(cancellation), null);
        await using CancellationTokenRegistration over = ended.Token.UnsafeRegister(_ => asker.Tell(new PredictFailed(PredictionProblem.NotReady, "the service has ended")), null);
        batches.Tell(predict, asker);
        try
        {
            return await asker.Answer switch
            {
                Prediction prediction => prediction,
                PredictFailed failed => throw new PredictionException(failed.Problem, failed.Reason),
                object answer => throw new InvalidOperationException($"{answer} is no answer"),
            };
        }
        catch (OperationCanceledException)
        {
            batches.Tell(new WithdrawPredict(predict.Id));
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (follower is not null)
        {
            await follower.DisposeAsync();
        }

        if (own is not null)
        {
            await own.DisposeAsync();
        }

        Meter.Dispose();
    }

    private void Check(PredictionRequest request)
    {
        int pixels = Model.Shape.Pixels;
        string? fault = request switch
        {
            _ when request.Pixels.IsEmpty => "there is no image",
            _ when request.Pixels.Length % pixels != 0 => $"{request.Pixels.Length} numbers are no whole number of images: each has {pixels} ({Model.Shape})",
            { Samples: < 1 } => $"samples {request.Samples}: must be at least 1",
            { Depth: { } depth } when depth < 1 || depth > Model.Blocks => $"depth {depth}: must be a whole number from 1 to {Model.Blocks}",
            { StopAt: { } stopAt } when !(stopAt is > 0 and <= 1) => $"stopAt {stopAt}: must be above 0 and at most 1",
            { Steps: not null } when Model.Steps is null => "steps: each block of this network is one step; use depth",
            { Steps: < 1 or > 100_000 } => $"steps {request.Steps}: must be a whole number from 1 to 100000",
            _ => null,
        };
        fault ??= FaultOf(request.Pixels.Span);
        if (fault is not null)
        {
            throw new PredictionException(PredictionProblem.Invalid, fault);
        }
    }

    private string? FaultOf(ReadOnlySpan<float> pixels)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            // NaN fails every comparison.
            if (!(pixels[i] >= 0 && pixels[i] <= Model.PixelMax))
            {
                return FormattableString.Invariant($"pixel {i % Model.Shape.Pixels} of image {(i / Model.Shape.Pixels) + 1} is {pixels[i]}: must be from 0 to {Model.PixelMax}");
            }
        }

        return null;
    }
}
