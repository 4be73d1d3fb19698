using System.Diagnostics;
using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Benchmarks.Performance;

/// <summary>What a block step costs at least: its multiplications and additions at the rate of a matrix product.</summary>
internal static class Arithmetic
{
    /// <summary>
    /// Floating-point operations of a training step of a block in discrete time, with dense gradients: two for each weight and place where it is
    /// used, in the forward pass, for the gradient of the weight and for that of the input, which images and the noisy label do not have.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="batch">Images in a mini-batch.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="embedding">Size d of the label embedding.</param>
    public static double OfStep(NetworkSettings network, ImageShape shape, int batch, int classes, int embedding)
    {
        bool isPaper = network.Kind == NetworkKind.Paper;
        (int border, int height, int width, int channels) = (isPaper ? 2 : 0, shape.Height, shape.Width, shape.Channels);
        double places = 0;
        foreach ((int i, int outputs) in network.Channels.Index())
        {
            (height, width) = (height - border, width - border);
            places += (i == 0 ? 2 : 3) * (double)height * width * channels * 9 * outputs;
            bool isPooled = !isPaper || i != 1;
            (height, width, channels) = (isPooled ? height / 2 : height, isPooled ? width / 2 : width, outputs);
        }

        places += Layers(3, channels * height * width, network.ImageFeatures);
        places += Layers(2, embedding, network.LabelFeatures) + (isPaper ? 2 : 1) * Layers(3, network.LabelFeatures, network.LabelFeatures);
        places += Layers(3, [network.ImageFeatures + network.LabelFeatures, .. network.Hidden, classes]) + Layers(2, classes, embedding);
        return 2 * places * batch;

        static double Layers(int passes, params int[] widths) => widths.Zip(widths.Skip(1), (from, to) => (double)passes * from * to).Sum();
    }

    /// <summary>Operations a second of a product of two square float32 matrices on a GPU or one thread, the better half of some products.</summary>
    public static double MatrixRate(ComputeDevice device = default)
    {
        int size = device.Type == DeviceType.CUDA ? 4096 : 1024;
        TorchRuntime.ComputeOn(device, isTf32: false);
        using DisposeScope scope = NewDisposeScope();
        (Tensor a, Tensor b) = (rand([size, size], device: device.Torch), rand([size, size], device: device.Torch));
        Gpu.Await(device);
        double[] seconds = new double[9];
        for (int i = 0; i < seconds.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using Tensor product = a.mm(b);
            Gpu.Await(device);
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return 2.0 * size * size * size / seconds.Order().ElementAt(seconds.Length / 4);
    }
}
