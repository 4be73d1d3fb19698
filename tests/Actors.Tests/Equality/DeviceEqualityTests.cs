using System.Collections.Concurrent;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>On however many devices a run trains, its weights are those of the plain loop, bit for bit; CPUs stand in for GPUs.</summary>
public sealed class DeviceEqualityTests
{
    [Theory]
    [InlineData("cpu:0,cpu:1", "auto", "bounded:8")]
    [InlineData("cpu:0,cpu:1", "2", "async")]
    [InlineData("cpu:1,cpu:2,cpu:3", "auto", "lockstep")]
    public async Task Blocks_on_several_devices_end_with_the_plain_loops_weights(string devices, string slotsPerDevice, string policy)
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=auto", $"noprop.devices={devices}", $"noprop.slots-per-device={slotsPerDevice}", $"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("on", "none")]
    [InlineData("on", "[flip, crop]")]
    [InlineData("off", "[flip, crop]")]
    public async Task Wherever_the_images_are_the_weights_are_the_plain_loops(string resident, string augment)
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=auto", "noprop.devices=cpu:1,cpu:2", $"noprop.data.resident={resident}", $"noprop.data.augment={augment}");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task The_papers_network_on_two_devices_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnPaperNetwork("noprop.slots=auto", "noprop.devices=cpu:0,cpu:1");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_learned_embedding_in_a_fixed_order_on_two_devices_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=auto", "noprop.devices=cpu:0,cpu:1", "noprop.embedding.kind=learned", "noprop.policy.blocks=algorithm1");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task Each_device_has_its_share_of_the_blocks_and_the_test_images_go_to_the_first()
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=auto", "noprop.devices=cpu:1,cpu:2", "noprop.policy.blocks=async");
        PlacedMethod method = new(plan.Method);

        RunEnded ended = await (plan with { Method = method }).Train();

        Assert.Equal(RunOutcome.Completed, ended.Outcome);
        Assert.Equal([new(DeviceType.CPU, 1), new ComputeDevice(DeviceType.CPU, 2)], method.Trained.Select(made => made.Device).Distinct().OrderBy(device => device.Index));
        Assert.Equal(new ComputeDevice(DeviceType.CPU, 1), Assert.Single(method.Tested.Distinct()));
    }

    /// <summary>Notes on which devices blocks were made.</summary>
    private sealed class PlacedMethod(IMethod inner) : IMethod
    {
        public ConcurrentBag<(BlockId Block, ComputeDevice Device)> Trained { get; } = [];

        public ConcurrentBag<ComputeDevice> Tested { get; } = [];

        public int Blocks => inner.Blocks;

        public int EmbeddingSize => inner.EmbeddingSize;

        public int Classes => inner.Classes;

        public bool Coupled => inner.Coupled;

        public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default)
        {
            Trained.Add((block, device));
            return inner.CreateBlock(block, from, device);
        }

        public IHeadCompute CreateHead(Snapshot? from) => inner.CreateHead(from);

        public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default)
        {
            Tested.Add(device);
            return inner.CreateDenoiser(block, from, head, device);
        }

        public IClassifierCompute CreateClassifier(Snapshot from) => inner.CreateClassifier(from);
    }
}
