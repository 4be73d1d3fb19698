using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Equations;

/// <summary>
/// Double precision: networks moved to it, so that a finite difference of a loss is exact to eight digits, and vectors as plain arrays.
/// </summary>
internal static class Exact
{
    private const double Change = 1e-6;

    /// <summary>Moves the weights to double precision: the same values, in memory of their own.</summary>
    public static void ToDouble(this ParameterSet parameters)
    {
        foreach (Parameter parameter in parameters.Weights)
        {
            using Tensor single = parameter.Value;
            parameter.Value = single.detach().to(ScalarType.Float64).DetachFromDisposeScope();
        }
    }

    /// <summary>Rows as a float64 matrix.</summary>
    public static Tensor Matrix(this double[][] rows) => tensor([.. rows.SelectMany(row => row)]).view(rows.Length, rows[0].Length);

    /// <summary>The rows of a float64 matrix.</summary>
    public static double[][] DoubleRows(this Tensor matrix) => [.. matrix.detach().contiguous().data<double>().ToArray().Chunk((int)matrix.shape[1])];

    /// <summary>Standard normal rows of an address.</summary>
    public static double[][] Normal(NoiseKey key, long count, long size) => Noise.Normal(key, [count, size]).Rows();

    /// <summary>Uniform numbers of an address.</summary>
    public static double[] Uniform(NoiseKey key, long count) => [.. Noise.Uniform(key, count).Values().Select(t => (double)t)];

    /// <summary>Images of a batch in double precision.</summary>
    public static Tensor DoubleImages(this Batch batch) => batch.Images.to(ScalarType.Float64);

    /// <summary>Labels of a batch.</summary>
    public static long[] LabelArray(this Batch batch) => batch.Labels.data<long>().ToArray();

    /// <summary>a x + b y for each number.</summary>
    public static double[][] Sum(double a, double[][] x, double b, double[][] y) => x.Combine(y, (p, q) => a * p + b * q);

    /// <summary>A function of each pair of numbers.</summary>
    public static double[][] Combine(this double[][] x, double[][] y, Func<double, double, double> f) => [.. x.Zip(y, (p, q) => p.Zip(q, f).ToArray())];

    /// <summary>||x - y||^2 of each row.</summary>
    public static double[] SquaredDistances(double[][] x, double[][] y) => [.. x.Zip(y, (p, q) => p.Zip(q, (a, b) => (a - b) * (a - b)).Sum())];

    /// <summary>KL( N(sqrt(abar) u, (1 - abar) I) || N(0, I) ), mean over the rows.</summary>
    public static double KullbackLeibler(double abar, double[][] u) =>
        u.Average(row => 0.5 * row.Sum(x => (1 - abar) + abar * x * x - 1 - Math.Log(1 - abar)));

    /// <summary>A version as doubles.</summary>
    public static double[] Doubles(this SharedVersion version) => [.. version.Values.Select(value => (double)value)];

    /// <summary>The gradient of a function by central differences.</summary>
    public static double[] Gradient(Func<double[], double> f, double[] at)
    {
        double[] x = [.. at];
        return [.. Enumerable.Range(0, x.Length).Select(i => Slope(f, x, i))];
    }

    /// <summary>
    /// The first step's gradient of each weight, ten times the first moment, against the finite difference: at the steepest entries of every
    /// tensor, for a tensor that a term forgets is wrong as a whole.
    /// </summary>
    public static void AssertFirstGradient(Snapshot afterOneStep, ParameterSet exact, Func<double> loss, string prefix = "", int entries = 2, double tolerance = 1e-4)
    {
        Assert.All(exact.Weights, weight =>
        {
            double[] gradient = [.. afterOneStep.Values($"optimizer.exp_avg.{prefix}{weight.Name}").Select(moment => moment * 10.0)];
            double largest = gradient.Max(Math.Abs);
            Assert.True(largest > 0, $"{weight.Name} has no gradient");
            foreach (int i in Enumerable.Range(0, gradient.Length).OrderByDescending(i => Math.Abs(gradient[i])).Take(entries))
            {
                Assert.Equal(Slope(weight, i, loss), gradient[i], tolerance * largest);
            }
        });
    }

    /// <summary>Each of two vectors' parts against each other, by the largest number of the part.</summary>
    public static void AssertClose(double[] expected, ImmutableArray<float> actual, double tolerance, params int[] parts)
    {
        Assert.Equal(expected.Length, actual.Length);
        int offset = 0;
        foreach (int part in (int[])[.. parts, expected.Length - parts.Sum()])
        {
            double largest = expected[offset..(offset + part)].Select(Math.Abs).DefaultIfEmpty().Max();
            for (int i = offset; i < offset + part; i++)
            {
                Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * largest, $"value {i}: {actual[i]} should be {expected[i]}");
            }

            offset += part;
        }
    }

    /// <summary>A snapshot of untrained parameters.</summary>
    public static Snapshot Initial(string name, params TrainedSet[] sets)
    {
        using TrainingState state = new(name, sets, TestData.Settings().CreateOptimiser, from: null);
        return state.Snapshot();
    }

    /// <summary>The method's own parts, for a reference that is built of the same networks.</summary>
    public static MethodContext Context(TrainingSettings settings) => new(settings, TestData.Digit, TestData.Classes, () => []);

    private static double Slope(Parameter weight, int i, Func<double> loss)
    {
        double before = Entry();
        Entry() = before + Change;
        double above = loss();
        Entry() = before - Change;
        double below = loss();
        Entry() = before;
        return (above - below) / (2 * Change);

        ref double Entry() => ref MemoryMarshal.Cast<byte, double>(weight.Value.bytes)[i];
    }

    private static double Slope(Func<double[], double> f, double[] x, int i)
    {
        double before = x[i];
        x[i] = before + Change;
        double above = f(x);
        x[i] = before - Change;
        double below = f(x);
        x[i] = before;
        return (above - below) / (2 * Change);
    }
}
