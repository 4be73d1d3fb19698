using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

/// <summary>What the first step of a block and of the head follows. The first moment after it is a tenth of the gradient.</summary>
public sealed class GradientTests : IDisposable
{
    private const int Blocks = 3;

    private static readonly BlockId Block = new(2);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly DiscreteTime method = TestData.Method(blocks: Blocks);
    private readonly Batch batch = TestData.RandomBatch(0);

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData("image.conv1.weight")]
    [InlineData("image.conv2.bias")]
    [InlineData("image.output.weight")]
    [InlineData("label.fc1.weight")]
    [InlineData("label.fc2.weight")]
    [InlineData("fused.fc1.weight")]
    [InlineData("fused.output.weight")]
    [InlineData("fused.output.bias")]
    public void Equation_8_the_gradient_of_the_denoising_loss_is_its_finite_difference(string name)
    {
        float[] gradient = FirstGradient(name);
        int[] steepest = [.. Enumerable.Range(0, gradient.Length).OrderByDescending(i => Math.Abs(gradient[i])).Take(4)];
        using Denoiser network = method.CreateNetwork(Block);
        Tensor weight = network.Parameters.Weights.Single(parameter => parameter.Name == name).Value;

        // Small enough to stay clear of most kinks of ReLU and max-pool, and large beside the rounding of the logits, 1e-7.
        const float h = 5e-4f;
        Assert.All(steepest, i =>
        {
            double difference = (LossWith(network, weight, i, h) - LossWith(network, weight, i, -h)) / (2 * h);
            Assert.Equal(difference, gradient[i], 0.01 * Math.Abs(difference));
        });
    }

    [Fact]
    public void Equation_8_the_loss_of_a_step_is_the_weighted_error_of_the_network_on_z_before_the_block()
    {
        using Denoiser network = method.CreateNetwork(Block);
        using IBlockCompute block = method.CreateBlock(Block, null);

        double expected = Loss(network, batch, ForwardPass.Inference);

        Assert.Equal(expected, block.Step(batch).Loss, 1e-5 * expected);
    }

    [Fact]
    public void Every_step_draws_its_noise_and_its_dropout_at_its_own_address()
    {
        ImageShape shape = new(1, 14, 14);
        DiscreteTime still = new(TestData.Settings(NetworkSettings.Paper, Blocks) with { LearningRate = 0 }, shape, TestData.Classes);
        Batch next = TestData.RandomBatch(1, shape);
        using Denoiser network = still.CreateNetwork(Block);
        using IBlockCompute block = still.CreateBlock(Block, null);
        block.Step(TestData.RandomBatch(0, shape));

        double expected = Loss(network, next, new ForwardPass(new NoiseKey(1, NoiseStream.Dropout, Block.Value, 1)));

        Assert.Equal(expected, block.Step(next).Loss, 1e-5 * expected);
    }

    [Fact]
    public void The_squared_error_of_a_step_is_its_loss_without_the_weight()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);

        StepLoss loss = block.Step(batch);

        Assert.Equal(loss.Loss / method.DenoisingWeight(Block), loss.SquaredError, 1e-6);
    }

    [Fact]
    public void Equation_8_the_gradient_of_the_head_is_probability_minus_label_times_z_T()
    {
        (double[][] z, double[][] slopes, _) = HeadInputs(0);
        using IHeadCompute head = method.CreateHead(null);

        head.Step(batch.Labels);

        float[] gradient = [.. head.Snapshot().Values("optimizer.exp_avg.classifier.weight").Select(moment => moment * 10)];
        Assert.All(Enumerable.Range(0, gradient.Length), i =>
        {
            (int output, int input) = Math.DivRem(i, TestData.Classes);
            Assert.Equal(slopes.Zip(z, (slope, row) => slope[output] * row[input]).Average(), gradient[i], 1e-6);
        });
    }

    [Fact]
    public void Equation_8_the_loss_of_the_heads_first_step_is_the_cross_entropy_on_z_T_of_the_labels()
    {
        (_, _, double expected) = HeadInputs(0);
        using IHeadCompute head = method.CreateHead(null);

        Assert.Equal(expected, head.Step(batch.Labels), 1e-5 * expected);
    }

    [Fact]
    public void The_head_draws_new_noise_in_every_step()
    {
        DiscreteTime still = new(TestData.Settings() with { LearningRate = 0 }, TestData.Digit, TestData.Classes);
        (_, _, double expected) = HeadInputs(1);
        using IHeadCompute head = still.CreateHead(null);
        head.Step(batch.Labels);

        Assert.Equal(expected, head.Step(batch.Labels), 1e-5 * expected);
    }

    private float[] FirstGradient(string name)
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        block.Step(batch);
        Snapshot snapshot = block.Snapshot();
        return [.. snapshot.Values($"optimizer.exp_avg.{name}").Select(moment => moment * 10)];
    }

    private double LossWith(Denoiser network, Tensor weight, int index, float change)
    {
        Span<float> values = MemoryMarshal.Cast<byte, float>(weight.bytes);
        float before = values[index];
        values[index] += change;
        double loss = Loss(network, batch, ForwardPass.Inference);
        values[index] = before;
        return loss;
    }

    /// <summary>(T/2) eta (SNR(t) - SNR(t-1)) mean ||softmax(logits) - u_y||^2, in double precision but for the logits.</summary>
    private double Loss(Denoiser network, Batch batch, ForwardPass pass)
    {
        double before = method.Schedule.Abar(Block.Value - 1);
        double after = method.Schedule.Abar(Block.Value);
        Tensor z = Diffuse(before, batch, new NoiseKey(1, NoiseStream.BlockInput, Block.Value, batch.Step));
        double[][] logits = network.Logits(batch.Images, z, pass).Rows();
        double error = logits.Zip(batch.Labels.data<long>(), (row, label) =>
            TestData.Softmax(row).Select((p, i) => Math.Pow(p - (i == label ? 1 : 0), 2)).Sum()).Average();
        return Blocks / 2.0 * 0.1 * (after / (1 - after) - before / (1 - before)) * error;
    }

    private (double[][] Z, double[][] Slopes, double CrossEntropy) HeadInputs(long step)
    {
        using Classifier classifier = new(TestData.Classes, TestData.Classes, new NoiseKey(1, NoiseStream.Weights));
        Tensor z = Diffuse(1 - 1e-3, batch, new NoiseKey(1, NoiseStream.HeadInput, 0, step));
        long[] labels = batch.Labels.data<long>().ToArray();
        double[][] probabilities = [.. classifier.Logits(z).Rows().Select(TestData.Softmax)];
        double[][] slopes = [.. probabilities.Zip(labels, (row, label) => row.Select((p, i) => p - (i == label ? 1 : 0)).ToArray())];
        return (z.Rows(), slopes, probabilities.Zip(labels, (row, label) => -Math.Log(row[label])).Average());
    }

    /// <summary>sqrt(abar) u_y + sqrt(1 - abar) eps, with eps drawn at the address that the step has.</summary>
    private static Tensor Diffuse(double abar, Batch batch, NoiseKey key)
    {
        float[] noise = Noise.Normal(key, [batch.Count, TestData.Classes]).Values();
        long[] labels = batch.Labels.data<long>().ToArray();
        return tensor([.. noise.Select((eps, i) =>
            (float)((i % TestData.Classes == labels[i / TestData.Classes] ? Math.Sqrt(abar) : 0) + Math.Sqrt(1 - abar) * eps))])
            .view(batch.Count, TestData.Classes);
    }
}
