using NoProp.Models.Data;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Embeddings;

/// <summary>The most central training image of each class (paper, section 2.2.1).</summary>
public static class Prototypes
{
    // Distances that are in memory at once. Selecting the median copies them, so their peak is three times 8 MB.
    private const int DistancesAtOnce = 1 << 20;

    /// <summary>
    /// For each class, the position in the split of the image with the smallest median Euclidean distance to all other images of its
    /// class. The median of an even number of distances is the lower of the two in the middle; of several best images the first is taken;
    /// the only image of a class is its prototype.
    /// </summary>
    /// <remarks>
    /// A class of n images of p pixels costs 2 n^2 p floating-point operations, 9 n p bytes and some 30 MB more. Measured on two cores that
    /// others used too: MNIST's 60,000 images 24 to 47 s and 210 MB; 5,000 images of 3,072 pixels (a class of CIFAR-10) 5 s and 220 MB;
    /// 500 of 12,288 (Tiny ImageNet) 0.4 s and 120 MB. The calling thread's libtorch threads do the work.
    /// </remarks>
    /// <param name="train">uint8 images [count, channels, height, width], labels int64 [count].</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="onClass">Called with each class when its prototype is found, in order.</param>
    /// <param name="stop">Ends the search early.</param>
    /// <returns>m positions, in class order.</returns>
    /// <exception cref="NoPropException">A class has no image.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static int[] Select(ImageSplit train, int classes, Action<int>? onClass = null, CancellationToken stop = default)
    {
        List<long>[] members = Members(train, classes);
        int[] selected = new int[classes];
        for (int y = 0; y < classes; y++)
        {
            selected[y] = (int)MostCentral(train.Images, members[y], stop);
            onClass?.Invoke(y);
        }

        return selected;
    }

    /// <summary>W of prototypes, row-major [m, pixels]: for each class its prototype as the network's input.</summary>
    /// <param name="data">The data set; its training images are searched.</param>
    /// <param name="onClass">Called with each class when its prototype is found, in order.</param>
    /// <param name="stop">Ends the search early.</param>
    /// <exception cref="NoPropException">A class has no image.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static float[] Values(Dataset data, Action<int>? onClass = null, CancellationToken stop = default)
    {
        long[] selected = Array.ConvertAll(Select(data.Train, data.Classes, onClass, stop), position => (long)position);
        using DisposeScope scope = NewDisposeScope();
        return data.Normalise(data.Train.Images.index_select(0, tensor(selected))).data<float>().ToArray();
    }

    private static List<long>[] Members(ImageSplit train, int classes)
    {
        List<long>[] members = [.. Enumerable.Range(0, classes).Select(_ => new List<long>())];
        long[] labels = train.Labels.data<long>().ToArray();
        for (int i = 0; i < labels.Length; i++)
        {
            members[labels[i]].Add(i);
        }

        int empty = Array.FindIndex(members, member => member.Count == 0);
        return empty < 0
            ? members
            : throw new NoPropException(
                $"class {empty} has none of the {labels.Length} training images, so it has no prototype: "
                + "use more training images or another embedding");
    }

    /// <summary>
    /// ||x_i - x_j||^2 = ||x_i||^2 + ||x_j||^2 - 2 x_i x_j, by matrix products in float64: the pixels are whole numbers up to 255, so every
    /// value and partial sum is a whole number far below 2^53, exact in any order. The square keeps the order, so no root is taken.
    /// </summary>
    private static long MostCentral(Tensor images, List<long> members, CancellationToken stop)
    {
        using DisposeScope scope = NewDisposeScope();
        int count = members.Count;
        Tensor x = images.index_select(0, tensor(members)).view(count, -1).to(ScalarType.Float64);

        // Row by row x_i x_i: squaring x would double the memory.
        Tensor norms = x.unsqueeze(1).bmm(x.unsqueeze(2)).flatten();
        int rows = Math.Max(1, DistancesAtOnce / count);
        double least = double.PositiveInfinity;
        int best = 0;
        for (int first = 0; first < count; first += rows)
        {
            stop.ThrowIfCancellationRequested();
            double[] medians = Medians(x, norms, first, Math.Min(rows, count - first));
            for (int i = 0; i < medians.Length; i++)
            {
                if (medians[i] < least)
                {
                    (least, best) = (medians[i], first + i);
                }
            }
        }

        return members[best];
    }

    /// <summary>Of the squared distances from some images to all others, float64 [rows].</summary>
    private static double[] Medians(Tensor x, Tensor norms, int first, int rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor distances = x.narrow(0, first, rows).Times(-2).matmul(x.t())
            .PlusInPlace(1, norms).PlusInPlace(1, norms.narrow(0, first, rows).unsqueeze(1));

        // An image's distance to itself is exactly 0, so it is first in order; the lower middle of the others comes at this place.
        return distances.kthvalue(x.shape[0] / 2 + 1, 1).values.data<double>().ToArray();
    }
}
