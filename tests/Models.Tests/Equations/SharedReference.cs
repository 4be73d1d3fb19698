namespace NoProp.Models.Tests.Equations;

/// <summary>What the blocks share, in plain double precision, read from a flat vector by the order that a snapshot lists it in.</summary>
internal sealed class SharedReference
{
    private const int ScheduleWidth = 64;

    private readonly double[][] weight = [];
    private readonly double[] bias = [];
    private readonly double[] inputWeights = [];
    private readonly double[] inputBiases = [];
    private readonly double[] outputWeights = [];
    private readonly double gamma0;
    private readonly double span;

    private SharedReference(double[] flat, int m, int d, bool classifier, bool schedule, bool learned)
    {
        int offset = 0;
        if (classifier)
        {
            weight = [.. Next(m * d).Chunk(d)];
            bias = Next(m);
        }

        if (schedule)
        {
            inputWeights = [.. Next(ScheduleWidth).Select(Softplus)];
            inputBiases = Next(ScheduleWidth);
            outputWeights = [.. Next(ScheduleWidth).Select(Softplus)];
            gamma0 = Next(1)[0];
            span = Softplus(Next(1)[0]);
        }

        W = learned ? [.. Next(m * d).Chunk(d)] : [.. Enumerable.Range(0, m).Select(y => Enumerable.Range(0, m).Select(i => i == y ? 1.0 : 0).ToArray())];
        if (offset != flat.Length)
        {
            throw new ArgumentException($"{flat.Length} values, and {offset} are known", nameof(flat));
        }

        double[] Next(int count) => flat[offset..(offset += count)];
    }

    /// <summary>W, row y is u_y.</summary>
    public double[][] W { get; }

    /// <summary>How to read the flat vector of a method.</summary>
    public static Func<double[], SharedReference> Reader(int d, bool classifier = true, bool schedule = false, bool learned = true) =>
        flat => new SharedReference(flat, TestData.Classes, d, classifier, schedule, learned);

    /// <summary>u_y of each label.</summary>
    public double[][] Embed(long[] labels) => [.. labels.Select(label => W[label])];

    /// <summary>logits W.</summary>
    public double[][] Mean(double[][] coefficients) => [.. coefficients.Select(row =>
        Enumerable.Range(0, W[0].Length).Select(i => row.Zip(W, (p, u) => p * u[i]).Sum()).ToArray())];

    /// <summary>softmax(logits) W.</summary>
    public double[][] Output(double[][] logits) => Mean([.. logits.Select(TestData.Softmax)]);

    /// <summary>Mean over the batch of -log p_out(y | z) by (14).</summary>
    public double CrossEntropy(double[][] z, long[] labels) => z.Zip(labels, (row, label) =>
        -Math.Log(TestData.Softmax([.. weight.Zip(bias, (w, b) => w.Zip(row, (x, y) => x * y).Sum() + b)])[label])).Average();

    /// <summary>gamma(t) of appendix B.</summary>
    public double Gamma(double t) => gamma0 + span * (1 - (H(t) - H(0)) / (H(1) - H(0)));

    /// <summary>gamma'(t).</summary>
    public double GammaSlope(double t) => -span / (H(1) - H(0)) * Enumerable.Range(0, ScheduleWidth).Sum(j =>
    {
        double s = Sigmoid(inputWeights[j] * t + inputBiases[j]);
        return outputWeights[j] * inputWeights[j] * s * (1 - s);
    });

    /// <summary>abar_t = sigmoid(-gamma(t)).</summary>
    public double Abar(double t) => Sigmoid(-Gamma(t));

    /// <summary>SNR(t) = exp(-gamma(t)).</summary>
    public double Snr(double t) => Math.Exp(-Gamma(t));

    private double H(double t) => Enumerable.Range(0, ScheduleWidth).Sum(j => outputWeights[j] * Sigmoid(inputWeights[j] * t + inputBiases[j]));

    private static double Softplus(double x) => Math.Log(1 + Math.Exp(x));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
