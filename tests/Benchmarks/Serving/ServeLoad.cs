using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace NoProp.Benchmarks.Serving;

/// <summary>The HTTP service under load: against the bare chain, beside a training, for a long time, and with requests that make no sense.</summary>
internal static class ServeLoad
{
    private const int Rounds = 7;
    private const double LeastOfChain = 0.8;
    private const double MostOverMedian = 3;
    private const double LeastOfTraining = 0.9;
    private const double MostGrowth = 0.1;

    /// <summary><c>serve</c>.</summary>
    public static Command Create()
    {
        Option<string> shape = new("--shape") { Description = "Size of the images against the bare chain: digits or mnist", DefaultValueFactory = _ => "mnist" };
        shape.AcceptOnlyFromAmong("digits", "mnist");
        Option<int> clients = new("--clients") { Description = "Clients that ask at once, one image each", DefaultValueFactory = _ => 64 };
        Option<int> seconds = new("--seconds") { Description = "Time of each arm in each round", DefaultValueFactory = _ => 6 };
        Option<int> epochs = new("--epochs") { Description = "Epochs of digits that are trained with and without requests", DefaultValueFactory = _ => 60 };
        Option<int?> requests = new("--requests") { Description = "Instead: so many requests to a run in training, whose snapshots are taken over every few seconds" };
        Option<int?> malformed = new("--malformed") { Description = "Instead: so many requests that make no sense" };
        Command command = new("serve", "The HTTP service: throughput and latency, training beside it, a long time, malformed requests") { shape, clients, seconds, epochs, requests, malformed };
        command.SetAction(async (parsed, stop) =>
        {
            bool good = (parsed.GetValue(requests), parsed.GetValue(malformed)) switch
            {
                ({ } count, _) => await SoakAsync(count, parsed.GetValue(clients), stop),
                (_, { } count) => await MalformedAsync(count, stop),
                _ => await AgainstChainAsync(parsed.GetValue(shape)!, parsed.GetValue(clients), TimeSpan.FromSeconds(parsed.GetValue(seconds)), stop)
                    & await BesideTrainingAsync(parsed.GetValue(epochs), parsed.GetValue(clients), stop),
            };
            return good ? 0 : 1;
        });
        return command;
    }

    private static async Task<bool> AgainstChainAsync(string shape, int clients, TimeSpan time, CancellationToken stop)
    {
        await using RandomModel model = await RandomModel.StartAsync(shape == "mnist" ? 28 : 8);
        // One round that does not count, then short ones of both in turn: a machine that is shared changes its speed within a minute.
        double[] ratios = new double[Rounds];
        bool quick = true;
        for (int round = -1; round < ratios.Length; round++)
        {
            LoadResult served = await HttpLoad.RunAsync(model.Address, model.Images, clients, load => load.Elapsed < time, stop);
            double chain = await model.ChainAsync((int)Math.Round(served.MeanBatch), time);
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"{served.PerSecond:0} images/s over HTTP in batches of {served.MeanBatch:0.0}, chain alone {chain:0}: {served.PerSecond / chain:0.000}; p50 {served.Milliseconds(0.5):0.0} ms, p99 {served.Milliseconds(0.99):0.0} ms, failed {served.Failed}");
            AnsiConsole.WriteLine(round < 0 ? $"warm-up: {text}" : text);
            if (round >= 0)
            {
                ratios[round] = served.PerSecond / chain;
                quick &= served.Milliseconds(0.99) < MostOverMedian * served.Milliseconds(0.5) && served.Failed == 0;
            }
        }

        double median = ratios.Order().ElementAt(Rounds / 2);
        return Verdict($"of the bare chain's throughput, median {median.ToString("0.000", CultureInfo.InvariantCulture)}", median >= LeastOfChain)
            & Verdict("p99 below 3 x p50 in every round, none failed", quick);
    }

    private static async Task<bool> BesideTrainingAsync(int epochs, int clients, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("noprop-serve-").FullName;
        try
        {
            string[] train = ["train", "--plain", "--slots", "2", "--epochs", epochs.ToString(CultureInfo.InvariantCulture), "--set", "noprop.checkpoint.min-interval=1s"];
            double alone = await StepsPerCpuSecondAsync(folder, "alone", train, stop);
            Task<double> training = StepsPerCpuSecondAsync(folder, "asked", train, stop);
            while (!File.Exists(Path.Combine(folder, "asked", "run.conf")))
            {
                await Task.Delay(50, stop);
            }

            using NopropServer server = await NopropServer.StartAsync(folder, "asked", stop);
            await server.ReadyAsync(stop);
            LoadResult load = await HttpLoad.RunAsync(server.Address, HttpLoad.Digits(), clients, _ => !training.IsCompleted, stop);
            double asked = await training;
            AnsiConsole.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"training: {alone:0} steps per CPU second alone, {asked:0} beside {load.PerSecond:0} requests/s: {asked / alone:0.000}; failed {load.Failed}"));
            return Verdict("training keeps 0.9 of its steps per CPU second", asked >= LeastOfTraining * alone) & Verdict("no request failed", load.Failed == 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> StepsPerCpuSecondAsync(string folder, string name, string[] train, CancellationToken stop)
    {
        TimeSpan cpu = await NopropServer.RunAsync(folder, [.. train, "--out", name], stop);
        using JsonDocument summary = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, name, "summary.json"), stop));
        return summary.RootElement.GetProperty("blockSteps").GetInt64() / cpu.TotalSeconds;
    }

    private static async Task<bool> SoakAsync(int requests, int clients, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("noprop-serve-").FullName;
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task training = NopropServer.RunAsync(folder, ["train", "--plain", "--slots", "1", "--epochs", "1000000", "--out", "run", "--set", "noprop.checkpoint.min-interval=2s", "--set", "noprop.metrics.tensorboard=off"], enough.Token);
        try
        {
            while (!File.Exists(Path.Combine(folder, "run", "run.conf")))
            {
                await Task.Delay(50, stop);
            }

            using NopropServer server = await NopropServer.StartAsync(folder, "run", stop);
            await server.ReadyAsync(stop);
            List<(int Requests, long Bytes)> memory = [];
            LoadResult load = await HttpLoad.RunAsync(server.Address, HttpLoad.Digits(), clients, now => now.Answered + now.Failed < requests, stop, answered =>
            {
                if (answered % Math.Max(1, requests / 20) == 0)
                {
                    memory.Add((answered, server.ResidentBytes));
                }
            });
            AnsiConsole.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{load.Answered} answered by {load.Versions} versions, {load.Failed} failed, {load.WrongShapes} of wrong shape, {load.PerSecond:0} a second, p50 {load.Milliseconds(0.5):0.0} ms, p99 {load.Milliseconds(0.99):0.0} ms"));
            return Verdict("none failed, none of wrong shape", load.Failed + load.WrongShapes == 0) & Flat(memory);
        }
        finally
        {
            await enough.CancelAsync();
            await training.ContinueWith(_ => { }, TaskScheduler.Default);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> MalformedAsync(int count, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("noprop-serve-").FullName;
        try
        {
            await NopropServer.RunAsync(folder, ["train", "--plain", "--epochs", "1", "--out", "run"], stop);
            using NopropServer server = await NopropServer.StartAsync(folder, "run", stop);
            await server.ReadyAsync(stop);
            using HttpClient http = new() { BaseAddress = server.Address };
            List<(int Requests, long Bytes)> memory = [];
            int wrong = 0;
            int done = 0;
            foreach (Host.Tests.Serving.MalformedRequest request in new Host.Tests.Serving.Malformed(new(1, 8, 8), 16, 64, seed: 7).Take(count))
            {
                using HttpRequestMessage message = request.ToMessage();
                using HttpResponseMessage response = await http.SendAsync(message, stop);
                string text = await response.Content.ReadAsStringAsync(stop);
                if ((int)response.StatusCode is < 400 or > 499 || !text.Contains("\"detail\"", StringComparison.Ordinal))
                {
                    wrong++;
                    AnsiConsole.WriteLine($"{request.Kind}: {(int)response.StatusCode} {text}");
                }

                if (++done % Math.Max(1, count / 20) == 0)
                {
                    memory.Add((done, server.ResidentBytes));
                }
            }

            LoadResult after = await HttpLoad.RunAsync(server.Address, HttpLoad.Digits(), 4, load => load.Answered < 100, stop);
            return Verdict($"{done} malformed requests, each answered 4xx with a reason", wrong == 0) & Verdict("the server answers after them", after.Failed == 0) & Flat(memory);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Whether the second half needs no more memory than the first, once it is warm.</summary>
    private static bool Flat(List<(int Requests, long Bytes)> memory)
    {
        long Mean(IEnumerable<(int Requests, long Bytes)> of) => (long)of.Select(sample => (double)sample.Bytes).DefaultIfEmpty(0).Average();
        long early = Mean(memory.Skip(memory.Count / 4).Take(memory.Count / 4));
        long late = Mean(memory.Skip(memory.Count * 3 / 4));
        AnsiConsole.WriteLine(string.Join(", ", memory.Select(sample => $"{sample.Requests}: {sample.Bytes >> 20} MiB")));
        return Verdict(string.Create(CultureInfo.InvariantCulture, $"memory is flat: {early >> 20} MiB in the second quarter, {late >> 20} MiB in the last"), late <= early * (1 + MostGrowth));
    }

    private static bool Verdict(string what, bool good)
    {
        AnsiConsole.WriteLine($"{(good ? "yes" : "NO ")}: {what}");
        return good;
    }
}
