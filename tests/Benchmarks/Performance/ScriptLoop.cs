using NoProp.Models.Data;
using NoProp.Models.Diffusion;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NoProp.Benchmarks.Performance;

/// <summary>
/// NoProp-DT with one-hot labels as a script of PyTorch is written: one thread that goes through blocks and mini-batches, libtorch's modules, its
/// optimiser and its random numbers, two threads within an operation.
/// </summary>
internal sealed class ScriptLoop : IDisposable
{
    private const int IntraOpThreads = 2;

    private readonly TrainingSettings settings;
    private readonly Dataset dataset;
    private readonly NoiseSchedule schedule;
    private readonly ScriptNetwork[] blocks;
    private readonly AdamW[] optimisers;
    private readonly Linear classifier;
    private readonly AdamW classifierOptimiser;
    private readonly Tensor embedding;
    private readonly Tensor images;
    private readonly Tensor labels;
    private readonly Device device;

    /// <summary>Networks with initial weights.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="dataset">Data; the training images are copied to the device.</param>
    /// <param name="device">Where all is computed.</param>
    public ScriptLoop(TrainingSettings settings, Dataset dataset, ComputeDevice device = default)
    {
        (this.settings, this.dataset, this.device) = (settings, dataset, device.Torch);
        set_num_threads(IntraOpThreads);
        random.manual_seed((long)settings.Seed);
        schedule = CosineSchedule.Create(settings.Blocks, settings.AbarMin, settings.AbarMax);
        blocks = [.. Enumerable.Range(0, settings.Blocks).Select(_ => new ScriptNetwork(settings.Network, dataset.Shape, dataset.Classes, dataset.Classes).to(this.device))];
        optimisers = [.. blocks.Select(block => Optimiser(block))];
        classifier = Linear(dataset.Classes, dataset.Classes).to(this.device);
        classifierOptimiser = Optimiser(classifier);
        embedding = eye(dataset.Classes, device: this.device);
        images = dataset.Train.Images.to(this.device, copy: true);
        labels = dataset.Train.Labels.to(this.device, copy: true);
    }

    /// <summary>Trains all blocks on all images once.</summary>
    /// <param name="onStep">Called after each block step.</param>
    public void Epoch(Action? onStep = null)
    {
        for (int block = 0; block < blocks.Length; block++)
        {
            blocks[block].train();
            using Tensor order = randperm(dataset.Train.Count, device: device);
            for (long from = 0; from < dataset.Train.Count; from += settings.BatchSize)
            {
                using DisposeScope scope = NewDisposeScope();
                Step(block, order.narrow(0, from, Math.Min(settings.BatchSize, dataset.Train.Count - from)));
                onStep?.Invoke();
            }
        }
    }

    /// <summary>The share of test images whose class the chain of blocks finds.</summary>
    public double Accuracy()
    {
        const int Together = 1000;
        using IDisposable guard = no_grad();
        long right = 0;
        Array.ForEach(blocks, block => block.eval());
        for (long from = 0; from < dataset.Test.Count; from += Together)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(Together, dataset.Test.Count - from);
            Tensor images = Pixels(dataset.Test.Images.narrow(0, from, count).to(device));
            Tensor z = randn([count, dataset.Classes], device: device);
            foreach ((int i, ScriptNetwork block) in blocks.Index())
            {
                Posterior step = Posterior.At(schedule, i + 1);
                z = step.Step(functional.softmax(block.forward(images, z), 1).mm(embedding), z, eps: null);
            }

            right += classifier.forward(z).argmax(1).eq(dataset.Test.Labels.narrow(0, from, count).to(device)).sum().item<long>();
        }

        return (double)right / dataset.Test.Count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(optimisers, optimiser => optimiser.Dispose());
        Array.ForEach(blocks, block => block.Dispose());
        classifierOptimiser.Dispose();
        classifier.Dispose();
        embedding.Dispose();
        images.Dispose();
        labels.Dispose();
    }

    private void Step(int block, Tensor rows)
    {
        Tensor pixels = Pixels(images.index_select(0, rows));
        Tensor classes = labels.index_select(0, rows);
        Tensor u = embedding.index_select(0, classes);

        optimisers[block].zero_grad();
        Tensor z = Posterior.Diffuse(schedule.Abar(block), u, randn_like(u));
        Tensor output = functional.softmax(blocks[block].forward(pixels, z), 1).mm(embedding);
        using Scalar square = 2.ToScalar(), weight = (settings.Blocks / 2.0 * settings.Eta * schedule.SnrGain(block + 1)).ToScalar();
        output.sub(u).pow(square).sum(1).mean().mul(weight).backward();
        optimisers[block].step();

        classifierOptimiser.zero_grad();
        functional.cross_entropy(classifier.forward(Posterior.Diffuse(schedule.Abar(settings.Blocks), u, randn_like(u))), classes).backward();
        classifierOptimiser.step();
    }

    private static Tensor Pixels(Tensor pixels)
    {
        using Scalar scale = (2.0 / byte.MaxValue).ToScalar(), shift = (-1).ToScalar(), one = 1.ToScalar();
        return pixels.to(ScalarType.Float32).mul(scale).add(shift, one);
    }

    private AdamW Optimiser(Module module) => optim.AdamW(module.parameters(), settings.LearningRate, weight_decay: settings.WeightDecay);
}
