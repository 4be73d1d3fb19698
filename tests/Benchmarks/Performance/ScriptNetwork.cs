using NoProp.Models.Data;
using NoProp.Models.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NoProp.Benchmarks.Performance;

/// <summary>The network of a block as a script builds it: libtorch's modules in the order of the paper's figure, convolution, ReLU, pool.</summary>
internal sealed class ScriptNetwork : Module<Tensor, Tensor, Tensor>
{
    private readonly Sequential image;
    private readonly Module<Tensor, Tensor>[] label;
    private readonly Sequential fused;
    private readonly bool isPaper;

    /// <summary>A network with libtorch's initial weights.</summary>
    public ScriptNetwork(NetworkSettings settings, ImageShape shape, int classes, int embedding)
        : base("block")
    {
        isPaper = settings.Kind == NetworkKind.Paper;
        IReadOnlyList<int> channels = settings.Channels;
        if (isPaper)
        {
            (int height, int width) = (Reduced(shape.Height), Reduced(shape.Width));
            image = Sequential(
                Conv2d(shape.Channels, channels[0], 3), ReLU(), MaxPool2d(2), Dropout(settings.Dropout),
                Conv2d(channels[0], channels[1], 3), ReLU(), Dropout(settings.Dropout),
                Conv2d(channels[1], channels[2], 3), ReLU(), MaxPool2d(2), Dropout(settings.Dropout),
                Flatten(), Linear(channels[2] * height * width, settings.ImageFeatures), BatchNorm1d(settings.ImageFeatures));
            label = [.. Enumerable.Range(0, 3).Select(i => Linear(i == 0 ? embedding : settings.LabelFeatures, settings.LabelFeatures))];
            label = [.. label, .. Enumerable.Range(0, 3).Select(_ => BatchNorm1d(settings.LabelFeatures))];
        }
        else
        {
            image = Sequential(
                Conv2d(shape.Channels, channels[0], 3, padding: 1), ReLU(), MaxPool2d(2),
                Conv2d(channels[0], channels[1], 3, padding: 1), ReLU(), MaxPool2d(2),
                Flatten(), Linear(channels[1] * (shape.Height / 4) * (shape.Width / 4), settings.ImageFeatures));
            label = [Linear(embedding, settings.LabelFeatures), Linear(settings.LabelFeatures, settings.LabelFeatures)];
        }

        int[] widths = [settings.ImageFeatures + settings.LabelFeatures, .. settings.Hidden];
        List<Module<Tensor, Tensor>> layers = [];
        foreach ((int from, int to) in widths.Zip(widths.Skip(1)))
        {
            layers.AddRange(isPaper ? [Linear(from, to), BatchNorm1d(to), ReLU()] : [Linear(from, to), ReLU()]);
        }

        fused = Sequential([.. layers, Linear(widths[^1], classes)]);
        register_module("image", image);
        foreach ((int i, Module<Tensor, Tensor> layer) in label.Index())
        {
            register_module($"label{i}", layer);
        }

        register_module("fused", fused);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor images, Tensor z) => fused.forward(cat([image.forward(images), Label(z)], 1));

    private Tensor Label(Tensor z)
    {
        if (!isPaper)
        {
            return label[1].forward(functional.relu(label[0].forward(z)));
        }

        Tensor h = label[3].forward(functional.relu(label[0].forward(z)));
        for (int i = 1; i < 3; i++)
        {
            using Scalar one = 1.ToScalar();
            h = label[3 + i].forward(functional.relu(label[i].forward(h).add(h, one)));
        }

        return h;
    }

    private static int Reduced(int size) => ((size - 2) / 2 - 4) / 2;
}
