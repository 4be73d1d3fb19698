using NoProp.Models.Native;
using NoProp.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Diffusion;

/// <summary>
/// The trainable schedule of continuous time (paper, appendix B): gamma(t) = gamma_0 + (gamma_1 - gamma_0)(1 - g(t)) falls from gamma_1 at
/// t = 0, pure noise, to gamma_0 at t = 1. g(t) = (h(t) - h(0)) / (h(1) - h(0)), and h(t) = sum_j v_j sigmoid(w_j t + b_j) is a two-layer
/// network with positive weights. All results are differentiable in the parameters, once and again.
/// </summary>
/// <param name="parameters">What to compute with.</param>
public sealed class LearnedSchedule(LearnedScheduleParameters parameters)
{
    /// <summary>
    /// Declares the parameters: h begins with random weights so small that gamma is almost a straight line between its end points.
    /// </summary>
    /// <param name="parameters">The set that is to own them.</param>
    /// <param name="gamma0">Initial gamma_0 = gamma(1).</param>
    /// <param name="gamma1">Initial gamma_1 = gamma(0), over gamma_0.</param>
    /// <param name="hidden">Width of the hidden layer.</param>
    /// <returns>The five parameters, in the order of <see cref="LearnedScheduleParameters"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">gamma_1 is not over gamma_0, or there is no hidden unit.</exception>
    public static IReadOnlyList<Parameter> Declare(ParameterSet parameters, double gamma0 = -5, double gamma1 = 5, int hidden = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);

        // NaN fails every comparison.
        if (!(gamma1 > gamma0))
        {
            throw new ArgumentOutOfRangeException(nameof(gamma1), gamma1, "gamma_1 must be over gamma_0, or the signal would not grow with t");
        }

        // The inverse of softplus, log(exp(x) - 1), for any size of x.
        double span = gamma1 - gamma0;
        double raw = span + Math.Log(-Math.Exp(-span) + 1);
        return
        [
            parameters.AddUniform("schedule.input.weight", [hidden], 1),
            parameters.AddUniform("schedule.input.bias", [hidden], 1),
            parameters.AddUniform("schedule.output.weight", [hidden], 1),
            parameters.AddConstant("schedule.gamma0", [1], (float)gamma0),
            parameters.AddConstant("schedule.span", [1], (float)raw),
        ];
    }

    /// <summary>gamma(t).</summary>
    /// <param name="t">Times in [0, 1], [n].</param>
    /// <returns>[n].</returns>
    public Tensor Gamma(Tensor t)
    {
        Tensor w = parameters.InputWeights.Softplus();
        Tensor v = parameters.OutputWeights.Softplus();
        Tensor g = Rise(t, w, v) / Rise(ones_like(parameters.Gamma0), w, v);
        return parameters.Gamma0.Plus(parameters.Span.Softplus() * g.OneMinus());
    }

    /// <summary>gamma(t) and gamma'(t) = -(gamma_1 - gamma_0) h'(t) / (h(1) - h(0)), which is under 0.</summary>
    /// <param name="t">Times in [0, 1], [n].</param>
    /// <returns>Twice [n].</returns>
    public (Tensor Gamma, Tensor Derivative) GammaAndDerivative(Tensor t)
    {
        Tensor w = parameters.InputWeights.Softplus();
        Tensor v = parameters.OutputWeights.Softplus();
        Tensor span = parameters.Span.Softplus();
        Tensor whole = Rise(ones_like(parameters.Gamma0), w, v);
        Tensor activation = (t.unsqueeze(1) * w).Plus(parameters.InputBiases);
        Tensor slope = (activation.sigmoid() * activation.neg().sigmoid() * w * v).sum(1);
        return (parameters.Gamma0.Plus(span * (Rise(t, w, v) / whole).OneMinus()), (span * slope / whole).neg());
    }

    /// <summary>abar_t = sigmoid(-gamma(t)).</summary>
    /// <param name="t">Times in [0, 1], [n].</param>
    /// <returns>[n].</returns>
    public Tensor Abar(Tensor t) => Gamma(t).neg().sigmoid();

    /// <summary>SNR(t) = exp(-gamma(t)).</summary>
    /// <param name="t">Times in [0, 1], [n].</param>
    /// <returns>[n].</returns>
    public Tensor Snr(Tensor t) => Gamma(t).neg().exp();

    /// <summary>SNR'(t) = -gamma'(t) exp(-gamma(t)), the weight of the error in (9).</summary>
    /// <param name="t">Times in [0, 1], [n].</param>
    /// <returns>[n].</returns>
    public Tensor SnrDerivative(Tensor t)
    {
        (Tensor gamma, Tensor derivative) = GammaAndDerivative(t);
        return derivative.neg() * gamma.neg().exp();
    }

    /// <summary>The schedule on a grid of equal steps, t = 0, 1/N .. 1, for inference: in double precision and without a gradient.</summary>
    /// <param name="steps">N, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="steps"/> is under 1.</exception>
    /// <exception cref="ArgumentException">The parameters have grown so large, or are so damaged, that an abar is not in (0, 1).</exception>
    public NoiseSchedule Discretise(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        LearnedSchedule exact = new(LearnedScheduleParameters.From(
            [.. parameters.ToList().Select(parameter => parameter.cpu().to(ScalarType.Float64))]));
        double[] abar = exact.Abar(tensor([.. Enumerable.Range(0, steps + 1).Select(i => (double)i / steps)])).data<double>().ToArray();

        // Where h is flat, rounding may put a value a last place below the one before it.
        for (int i = 1; i < abar.Length; i++)
        {
            abar[i] = Math.Max(abar[i - 1], abar[i]);
        }

        return new NoiseSchedule(abar);
    }

    /// <summary>
    /// h(t) - h(0), [n]. sigmoid(x + b) - sigmoid(b) = sigmoid(x + b) sigmoid(-b) (1 - exp(-x)) has no difference of almost equal numbers,
    /// so that h increases in float32 too.
    /// </summary>
    private Tensor Rise(Tensor t, Tensor w, Tensor v)
    {
        Tensor b = parameters.InputBiases;
        Tensor x = t.unsqueeze(1) * w;
        return (x.Plus(b).sigmoid() * b.neg().sigmoid() * x.neg().expm1().neg() * v).sum(1);
    }
}
