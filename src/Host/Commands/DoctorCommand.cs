using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using Spectre.Console;
using TorchSharp;

namespace NoProp.Host.Commands;

/// <summary><c>noprop doctor</c>.</summary>
internal static class DoctorCommand
{
    private const int Steps = 20;
    private const double Gigabyte = 1e9;

    public static Command Create()
    {
        Command command = new("doctor", "Check this machine: libtorch, devices and their memory, data, and a few real training steps on each device");
        command.SetAction(_ =>
        {
            Line("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores, .NET {Environment.Version}");
            TorchRuntime.Load();
            Line("versions", string.Join(", ", NoPropHosting.Versions().Select(version => $"{version.Key} {version.Value}")));
            Line("threads", $"{Environment.ProcessorCount} slots by default, each with one libtorch thread");
            Line("training", TrainSomeSteps(ComputeDevice.Cpu));
            Cuda cuda = Cuda.Find();
            Line("devices", string.Create(CultureInfo.InvariantCulture, $"cpu with {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gigabyte:0.0} GB; {Gpus(cuda)}"));
            if (cuda.IsBuiltIn)
            {
                Line("cuda", CudaVersions.Find().ToString());
            }

            foreach (ComputeDevice device in Enumerable.Range(0, cuda.Devices).Select(i => new ComputeDevice(DeviceType.CUDA, i)))
            {
                Line($"{device}", Describe(CudaDriver.Find(device.Index)));
                foreach (Precision precision in Enum.GetValues<Precision>())
                {
                    Line("", TrainSomeSteps(device, precision));
                }
            }

            DataCommand.WriteTable(Terminal.Out);
            Terminal.Out.MarkupLine("[green]all well[/]");
            return CommandLine.Success;
        });
        return command;
    }

    private static string Gpus(Cuda found) => found switch
    {
        { IsBuiltIn: false } => "no CUDA in this build: with `dotnet build -c Release -p:Torch=cuda` blocks can train on GPUs",
        { Devices: 0 } => "this build has CUDA, and libtorch finds no GPU: see that NVIDIA's driver is there",
        { Devices: 1 } => "one GPU: train on it with --devices cuda",
        { Devices: var count } => $"{count} GPUs: train on all of them with --devices {string.Join(',', Enumerable.Range(0, count).Select(i => $"cuda:{i}"))}",
    };

    private static string Describe(CudaDriver? gpu) =>
        gpu is null ? "a GPU that the driver says nothing of" : string.Create(CultureInfo.InvariantCulture, $"{gpu.Name} with {gpu.Memory / Gigabyte:0.0} GB");

    private static string TrainSomeSteps(ComputeDevice device, Precision precision = Precision.Float32)
    {
        string word = precision.ToString().ToLowerInvariant();
        try
        {
            return $"{(device.Type == DeviceType.CPU ? "" : $"{word}: ")}{TrainOn(device, word)}";
        }
        catch (ExternalException e)
        {
            throw new NoPropException($"{device} cannot train a block in {word}: {e.Message.Split('\n')[0].Trim()}", e);
        }
    }

    private static string TrainOn(ComputeDevice device, string precision)
    {
        TorchRuntime.UseOneThread();
        NoPropSettings settings = SettingsLoader.Load(overrides: [$"noprop.precision={precision}"]).Settings;
        using Dataset digits = Digits.Load();
        BatchSource batches = new(digits, settings.Training.Seed, settings.Training.BatchSize);
        using IBlockCompute block = new DiscreteTime(settings.Training, digits.Shape, digits.Classes).CreateBlock(new(settings.Training.Blocks), from: null, device);
        List<double> times = [];
        List<float> losses = [];
        for (int step = 0; step < Steps; step++)
        {
            using Batch batch = batches.Prepare(step);
            long start = Stopwatch.GetTimestamp();
            losses.Add(block.Step(batch).SquaredError);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Steps} steps of one block on digits: {times.Order().ElementAt(Steps / 2):0.0} ms a step (median), squared error {losses[0]:0.000} to {losses[^1]:0.000}");
    }

    private static void Line(string what, string found) => Terminal.Out.MarkupLineInterpolated($"[bold]{what,-9}[/] {found}");
}
