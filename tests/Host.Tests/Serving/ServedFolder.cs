using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Serving;
using NoProp.Host.Tests.Processes;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Host.Tests.Serving;

/// <summary>A run folder with a small network that has trained a little, and the service that answers with it, at a port of its own.</summary>
internal sealed class ServedFolder : IAsyncDisposable
{
    private static readonly string[] Small =
    [
        "noprop.network.channels=[16, 16]", "noprop.network.image-features=8", "noprop.network.label-features=8", "noprop.network.hidden=[12]",
        "noprop.batch=32", "noprop.data.train-limit=64", "noprop.epochs=1", "noprop.slots=2", "noprop.inference.steps=4",
        "noprop.serve.listen=127.0.0.1:0", "noprop.serve.refresh=50ms",
    ];

    private readonly TempFolder folder = new();
    private readonly RunFolder run;
    private ServedRun? served;
    private ServeServer? server;

    private ServedFolder(string[] overrides)
    {
        Loaded = SettingsLoader.Load(null, [.. Small, .. overrides]);
        run = RunFolder.Create(folder["run"], SettingsHocon.ToHocon(Loaded.Settings));
        Digits = Models.Data.Digits.Load(64);
        Method = MethodCatalog.Create(Loaded.Settings.Training, Digits);
    }

    public LoadedSettings Loaded { get; }

    public IMethod Method { get; }

    public Dataset Digits { get; }

    public HttpClient Http { get; private set; } = new();

    public TempFolder Files => folder;

    public RunFolder Run => run;

    /// <summary>A method with blocks that fit it.</summary>
    public static string[] Of(string method) => [$"noprop.method={method}", .. method is "dt" or "backprop" ? (string[])["noprop.blocks=3"] : []];

    /// <summary>A folder with a checkpoint, served.</summary>
    public static async Task<ServedFolder> StartAsync(params string[] overrides)
    {
        ServedFolder started = new(overrides);
        started.Save(step: 1);
        await started.ServeAsync();
        return started;
    }

    /// <summary>A folder without a checkpoint, served.</summary>
    public static async Task<ServedFolder> StartUntrainedAsync(params string[] overrides)
    {
        ServedFolder started = new(overrides);
        await started.ServeAsync();
        return started;
    }

    /// <summary>States after as many steps of each block, in the order of blocks, then the head's.</summary>
    public IReadOnlyList<Snapshot> Train(int steps)
    {
        BatchSource batches = new(Digits, Loaded.Settings.Training.Seed, Loaded.Settings.Training.BatchSize);
        using IHeadCompute head = Method.CreateHead(null);
        List<Snapshot> snapshots = [];
        foreach (BlockId id in BlockId.UpTo(Method.Blocks))
        {
            using IBlockCompute block = Method.CreateBlock(id, null);
            for (int step = 0; step < steps; step++)
            {
                using TorchSharp.DisposeScope scope = TorchSharp.torch.NewDisposeScope();
                using Batch batch = batches.Prepare(step);
                block.Step(batch, Method.Coupled ? head.Shared : null);
            }

            snapshots.Add(block.Snapshot());
        }

        return [.. snapshots, head.Snapshot()];
    }

    /// <summary>Saves a checkpoint as a training would.</summary>
    public IReadOnlyList<Snapshot> Save(int step)
    {
        IReadOnlyList<Snapshot> snapshots = Train(step);
        run.Checkpoints.Save(new Checkpoint(step, snapshots, new Dictionary<string, string>()));
        run.Checkpoints.Prune(2);
        return snapshots;
    }

    public async Task<JsonElement> PredictAsync(HttpContent content, string query = "")
    {
        using HttpResponseMessage response = await Http.PostAsync(new Uri($"v1/predict{query}", UriKind.Relative), content);
        string text = await response.Content.ReadAsStringAsync();
        return response.StatusCode == HttpStatusCode.OK ? JsonSerializer.Deserialize<JsonElement>(text) : throw new InvalidOperationException($"{response.StatusCode}: {text}");
    }

    /// <summary>Raw pixels of test images, and the same as numbers.</summary>
    public (byte[] Bytes, float[] Numbers) Pixels(int first, int count)
    {
        byte[] bytes = Digits.Test.Images.narrow(0, first, count).contiguous().bytes.ToArray();
        return (bytes, [.. bytes.Select(value => (float)value)]);
    }

    public static ByteArrayContent Content(byte[] bytes, string type) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };

    public static JsonContent Json(object value) => JsonContent.Create(value);

    public static float[] Probabilities(JsonElement answer, int image = 0) =>
        [.. answer.GetProperty("images")[image].GetProperty("probabilities").EnumerateArray().Select(value => value.GetSingle())];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await server!.DisposeAsync();
        await served!.DisposeAsync();
        run.Dispose();
        Digits.Dispose();
        folder.Dispose();
    }

    private async Task ServeAsync()
    {
        served = await ServedRun.OpenAsync(run.Path, file => SettingsLoader.Load(file), null, _ => { });
        server = await ServeServer.StartAsync(served);
        Http.Dispose();
        Http = new HttpClient { BaseAddress = server.Address };
    }
}
