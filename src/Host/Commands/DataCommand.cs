using System.CommandLine;
using NoProp.Models.Data;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop data</c>.</summary>
internal static class DataCommand
{
    public static Command Create()
    {
        Command command = new("data", "List the data sets and where they were found; `data get` downloads one") { CreateGet() };
        command.SetAction(_ =>
        {
            WriteTable(Terminal.Out);
            return CommandLine.Success;
        });
        return command;
    }

    /// <summary>Each data set and its place.</summary>
    public static void WriteTable(IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("data set", "found in");
        foreach (string name in DataCatalog.Names)
        {
            table.AddRow(new Text(name), new Text(Place(name)));
        }

        console.Write(table);
    }

    private static string Place(string name) => name switch
    {
        Digits.Name => "built in",
        DataCatalog.ImageFolderForm => "PATH/train/CLASS/* and PATH/test/CLASS/*, or PATH/CLASS/*: PNG and JPEG",
        _ => DataCatalog.FindFolder(name) ?? $"not found; {(DataDownload.Names.Contains(name) ? "get it with" : "how to get it")}: noprop data get {name}",
    };

    private static Command CreateGet()
    {
        Argument<string> name = new("name") { Description = "Data set: " + string.Join(" or ", DataDownload.Names) };
        Option<string> folder = new("--data-dir") { Description = "Where to put it [default: a folder in your cache, where training looks]", HelpName = "FOLDER" };
        Command command = new("get", "Download a data set and check it") { name, folder };
        command.SetAction(async (parsed, _) =>
        {
            string set = parsed.GetValue(name)!;
            string target = parsed.GetValue(folder) ?? DataCatalog.CacheFolder(set);
            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using HttpClient http = new();
            using (signals)
            {
                IReadOnlyList<string> fetched = await Terminal.Error.Progress().StartAsync(context => DataDownload.GetAsync(http, set, target, new Bars(context), cancellation: stop.Token));
                Terminal.Out.WriteLine(fetched.Count == 0 ? $"{set} is in {target} already" : $"{set} is in {target} now");
                return CommandLine.Success;
            }
        });
        return command;
    }

    /// <summary>A bar for each file.</summary>
    private sealed class Bars(ProgressContext context) : IProgress<DownloadProgress>
    {
        private readonly Dictionary<string, ProgressTask> bars = [];

        public void Report(DownloadProgress value)
        {
            lock (bars)
            {
                if (!bars.TryGetValue(value.File, out ProgressTask? bar))
                {
                    bars.Add(value.File, bar = context.AddTask(Markup.Escape(value.File)));
                }

                bar.MaxValue = value.Total ?? Math.Max(value.Bytes, 1);
                bar.Value = value.Bytes;
            }
        }
    }
}
