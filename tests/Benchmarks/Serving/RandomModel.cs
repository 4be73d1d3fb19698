using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Host.Serving;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using static TorchSharp.torch;

namespace NoProp.Benchmarks.Serving;

/// <summary>A network with initial weights for random images: its service over HTTP in this process, and its bare chain.</summary>
internal sealed class RandomModel : IServedRun
{
    private const int Count = 256;

    private readonly Dataset dataset;
    private readonly IMethod method;
    private readonly LoadedSettings loaded;
    private readonly Snapshot[] snapshots;
    private ServeServer? server;

    private RandomModel(LoadedSettings loaded, Dataset dataset, IMethod method, InferenceService inference, Snapshot[] snapshots) =>
        (this.loaded, this.dataset, this.method, Inference, this.snapshots) = (loaded, dataset, method, inference, snapshots);

    /// <inheritdoc/>
    public string Name => "random";

    /// <inheritdoc/>
    public NoPropSettings Settings => loaded.Settings;

    /// <inheritdoc/>
    public InferenceService Inference { get; }

    /// <inheritdoc/>
    public long? Step => null;

    /// <summary>Where it is served.</summary>
    public Uri Address => server!.Address;

    /// <summary>Images as raw bytes.</summary>
    public byte[][] Images => [.. dataset.Test.Images.bytes.ToArray().Chunk(dataset.Shape.Pixels)];

    /// <summary>Starts to serve it.</summary>
    /// <param name="side">Height and width of its images.</param>
    public static async Task<RandomModel> StartAsync(int side)
    {
        LoadedSettings loaded = SettingsLoader.Load(overrides: ["noprop.serve.listen=127.0.0.1:0"]);
        ImageShape shape = new(1, side, side);
        byte[] pixels = new byte[Count * shape.Pixels];
        new Random(1).NextBytes(pixels);
        ImageSplit split = ImageSplit.FromBytes(pixels, new byte[Count], shape);
        Dataset dataset = new("random", shape, byte.MaxValue, [.. Enumerable.Range(0, 10).Select(y => y.ToString(CultureInfo.InvariantCulture))], split, split);
        IMethod method = MethodCatalog.CreateForBlocks(loaded.Settings.Training, DataDescription.Of(dataset));
        InferenceService inference = await InferenceService.StartAsync(loaded, method, dataset);
        using IHeadCompute head = method.CreateHead(null);
        Snapshot[] snapshots =
        [
            .. BlockId.UpTo(method.Blocks).Select(id =>
            {
                using IBlockCompute block = method.CreateBlock(id, null);
                return block.Snapshot();
            }),
            head.Snapshot(),
        ];
        inference.Publish(snapshots);
        RandomModel model = new(loaded, dataset, method, inference, snapshots);
        model.server = await ServeServer.StartAsync(model);
        return model;
    }

    /// <summary>Images a second of the chain alone, with as many batches in it as the service has.</summary>
    public async Task<double> ChainAsync(int batch, TimeSpan time)
    {
        await using InferenceSession session = await InferenceSession.StartAsync(loaded, method, snapshots);
        using Tensor images = dataset.Normalise(dataset.Test.Images.narrow(0, 0, batch));
        long start = Stopwatch.GetTimestamp();
        long[] done = await Task.WhenAll(Enumerable.Range(0, Math.Min(method.Blocks, Settings.SlotCount) + 1).Select(async lane =>
        {
            long count = 0;
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                await session.ClassifyAsync(new Classify(lane, images, 0, new InferenceNoise(1, 0, false)) { Chain = new ChainOptions(LastOnly: true) });
                count++;
            }

            return count;
        }));
        return done.Sum() * batch / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<MetricsRecord?> RecordsAsync(string? after, CancellationToken stop) => AsyncEnumerable.Empty<MetricsRecord?>();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await server!.DisposeAsync();
        await Inference.DisposeAsync();
        dataset.Dispose();
    }
}
