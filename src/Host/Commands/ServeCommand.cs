using System.CommandLine;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Host.Serving;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop serve</c>.</summary>
internal static class ServeCommand
{
    private const string OnlyJoined =
        "noprop.inference.chain = distributed: the worker nodes of a cluster answer, so name one of its nodes with --join HOST:PORT, and no run folder";

    public static Command Create()
    {
        Argument<string?> run = new("run") { Description = "Run folder, of a run that is finished or in training", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> keyFile = new("--api-key-file") { Description = "A file with one key a line, one of which every request must carry", HelpName = "FILE" };
        Option<bool> insecure = new("--insecure") { Description = "Listen at an address that other machines reach without a key" };
        Option<string?> dataDir = new("--data-dir") { Description = "Where the data are, if not where they were in training", HelpName = "FOLDER" };
        SettingsOptions settings = new SettingsOptions()
            .Add("--listen", "noprop.serve.listen", "HOST:PORT", "Address to listen at; port 0 for any that is free")
            .AddClusterClient()
            .Add("--chain", "noprop.inference.chain", "PLACE", "With --join: where the blocks answer: local, in this process, or distributed, on the cluster's worker nodes");
        Command command = new("serve", "Answer requests about images over HTTP, and show the run on a page") { run, keyFile, insecure, dataDir };
        settings.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using (signals)
            {
                ApiKeys? keys = parsed.GetValue(keyFile) is { } file ? ApiKeys.Read(file) : null;
                IServedRun first = await OpenAsync(parsed, settings, parsed.GetValue(run), parsed.GetValue(dataDir), null, stop.Token);
                await new Succession(port => OpenAsync(parsed, settings, null, null, port, stop.Token), keys, parsed.GetValue(insecure), Tell).ServeAsync(first, stop.Token);
                return CommandLine.Success;
            }
        });
        return command;
    }

    private static async Task<IServedRun> OpenAsync(ParseResult parsed, SettingsOptions settings, string? path, string? dataDir, int? port, CancellationToken stop)
    {
        if (path is not null)
        {
            if (settings.Load(parsed).Settings.Cluster.Join.Count > 0)
            {
                throw new SettingsException("name a run folder or a cluster, not both");
            }

            return await ServedRun.OpenAsync(path, basis => Local(settings.Load(parsed, basis)), dataDir, Tell);
        }

        LoadedSettings loaded = settings.Load(parsed);
        if (loaded.Settings.Cluster.Join.Count == 0)
        {
            throw new SettingsException(loaded.Settings.Inference.Chain == ChainPlace.Distributed
                ? OnlyJoined
                : "name a run folder, or with --join HOST:PORT a node of a cluster that trains a run");
        }

        NodeAddress listen = loaded.Settings.Serve.Listen;
        return await JoinedRun.OpenAsync(
            loaded with { Settings = loaded.Settings with { Serve = loaded.Settings.Serve with { Listen = listen with { Port = port ?? listen.Port } } } }, Tell, stop);
    }

    private static LoadedSettings Local(LoadedSettings loaded) => loaded.Settings.Inference.Chain == ChainPlace.Local ? loaded : throw new SettingsException(OnlyJoined);

    private static void Tell(string line) => Terminal.Out.WriteLine(line);
}
