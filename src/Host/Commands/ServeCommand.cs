using System.CommandLine;
using NoProp.Actors.Hosting;
using NoProp.Host.Serving;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop serve</c>.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Argument<string?> run = new("run") { Description = "Run folder, of a run that is finished or in training", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> keyFile = new("--api-key-file") { Description = "A file with one key a line, one of which every request must carry", HelpName = "FILE" };
        Option<bool> insecure = new("--insecure") { Description = "Listen at an address that other machines reach without a key" };
        Option<string?> dataDir = new("--data-dir") { Description = "Where the data are, if not where they were in training", HelpName = "FOLDER" };
        SettingsOptions settings = new SettingsOptions()
            .Add("--listen", "noprop.serve.listen", "HOST:PORT", "Address to listen at; port 0 for any that is free")
            .AddClusterClient();
        Command command = new("serve", "Answer requests about images over HTTP, and show the run on a page") { run, keyFile, insecure, dataDir };
        settings.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using (signals)
            {
                ApiKeys? keys = parsed.GetValue(keyFile) is { } file ? ApiKeys.Read(file) : null;
                await using IServedRun served = await OpenAsync(parsed, settings, parsed.GetValue(run), parsed.GetValue(dataDir), stop.Token);
                await using ServeServer server = await ServeServer.StartAsync(served, keys, parsed.GetValue(insecure));
                Tell(server.Address.ToString().TrimEnd('/'));
                if (served.Inference.Missing.Count > 0)
                {
                    Tell("waits for the first checkpoint of the run");
                }

                await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                await server.StopAsync();
                return CommandLine.Success;
            }
        });
        return command;
    }

    private static async Task<IServedRun> OpenAsync(ParseResult parsed, SettingsOptions settings, string? path, string? dataDir, CancellationToken stop)
    {
        if (path is not null)
        {
            if (settings.Load(parsed).Settings.Cluster.Join.Count > 0)
            {
                throw new SettingsException("name a run folder or a cluster, not both");
            }

            return await ServedRun.OpenAsync(path, basis => settings.Load(parsed, basis), dataDir, Tell);
        }

        LoadedSettings loaded = settings.Load(parsed);
        return loaded.Settings.Cluster.Join.Count > 0
            ? await JoinedRun.OpenAsync(loaded, Tell, stop)
            : throw new SettingsException("name a run folder, or with --join HOST:PORT a node of a cluster that trains a run");
    }

    private static void Tell(string line) => Terminal.Out.WriteLine(line);
}
