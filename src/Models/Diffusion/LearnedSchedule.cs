using NoProp.Models.Native;
using NoProp.Models.Networks;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Diffusion;

/// <summary>The parameters of a learned schedule, as tensors of a computation.</summary>
/// <param name="Gamma0">gamma_0, [1].</param>
/// <param name="Range">gamma_1 - gamma_0 before softplus, which keeps it positive, [1].</param>
/// <param name="Input">First layer of h before softplus, [hidden].</param>
/// <param name="Bias">Bias of the first layer, [hidden].</param>
/// <param name="Output">Second layer of h before softplus, [hidden].</param>
public sealed record LearnedScheduleParameters(Tensor Gamma0, Tensor Range, Tensor Input, Tensor Bias, Tensor Output);

/// <summary>
/// The trainable noise schedule of the paper's appendix B: SNR(t) = exp(-gamma(t)), abar(t) = sigmoid(-gamma(t)),
/// gamma(t) = gamma_0 + (gamma_1 - gamma_0) (1 - g(t)), g(t) = (h(t) - h(0)) / (h(1) - h(0)). h is a two-layer network of positive weights and
/// gamma_0 &lt; gamma_1, both by construction: whatever the parameters are, gamma falls and SNR rises with t.
/// </summary>
public static class LearnedSchedule
{
    private const int Hidden = 32;

    private static readonly (string Name, int Count)[] Layout = [("gamma0", 1), ("range", 1), ("input", Hidden), ("bias", Hidden), ("output", Hidden)];

    /// <summary>Declares the parameters. Initially gamma falls almost evenly from gamma_1 to gamma_0.</summary>
    /// <param name="parameters">Where.</param>
    /// <param name="gamma0">Initial gamma at t = 1.</param>
    /// <param name="gamma1">Initial gamma at t = 0, above gamma_0.</param>
    /// <exception cref="ArgumentOutOfRangeException">gamma_1 is not above gamma_0.</exception>
    public static void Declare(ParameterSet parameters, double gamma0, double gamma1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(gamma1, gamma0);
        // Sigmoids whose middles lie evenly over [0, 1] add up to a straight line.
        const double slope = 4;
        float[] input = [.. Enumerable.Repeat((float)SoftplusInverse(slope), Hidden)];
        float[] bias = [.. Enumerable.Range(0, Hidden).Select(i => (float)(-slope * i / (Hidden - 1)))];
        float[] output = [.. Enumerable.Repeat((float)SoftplusInverse(1), Hidden)];
        float[][] values = [[(float)gamma0], [(float)SoftplusInverse(gamma1 - gamma0)], input, bias, output];
        foreach (((string name, int count), float[] initial) in Layout.Zip(values))
        {
            parameters.AddGiven($"schedule.{name}", [count], initial);
        }
    }

    /// <summary>The parameters, taken one after the other in the order of their declaration.</summary>
    /// <param name="next">The next tensor, of the given shape.</param>
    public static LearnedScheduleParameters Read(Func<long[], Tensor> next)
    {
        Tensor[] tensors = [.. Layout.Select(part => next([part.Count]))];
        return new(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4]);
    }

    /// <summary>gamma(t): [n] to [n].</summary>
    public static Tensor Gamma(LearnedScheduleParameters parameters, Tensor t) => GammaAndDerivative(parameters, t).Gamma;

    /// <summary>gamma(t) and gamma'(t), in closed form: both can be differentiated by the parameters. [n] to [n].</summary>
    public static (Tensor Gamma, Tensor Derivative) GammaAndDerivative(LearnedScheduleParameters parameters, Tensor t)
    {
        Tensor slope = Functional.softplus(parameters.Input);
        Tensor weight = Functional.softplus(parameters.Output);
        Tensor range = Functional.softplus(parameters.Range);
        Tensor h0 = H(zeros(1, t.dtype));
        Tensor width = H(ones(1, t.dtype)) - h0;
        Tensor s = Activation(t);
        Tensor g = (s.matmul(weight) - h0) / width;
        Tensor derivative = (s * s.Times(-1).Plus(1)).matmul(weight * slope) / width;
        return (parameters.Gamma0.Plus(range * g.Times(-1).Plus(1)), (range * derivative).neg());

        Tensor Activation(Tensor at) => (at.unsqueeze(1) * slope).Plus(parameters.Bias).sigmoid();

        Tensor H(Tensor at) => Activation(at).matmul(weight);
    }

    private static double SoftplusInverse(double y) => y > 20 ? y : Math.Log(Math.Exp(y) - 1);
}
