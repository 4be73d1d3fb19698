using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Models.Diffusion;

/// <summary>Coefficients of q(z_t | z_{t-1}, y) = N(a_t u_y + b_t z_{t-1}, c_t I), (6).</summary>
public readonly record struct Posterior(double A, double B, double C)
{
    /// <summary>a_t, b_t, c_t of step t = 1..T.</summary>
    public static Posterior At(NoiseSchedule schedule, int t) => Between(schedule.Abar(t - 1), schedule.Abar(t));

    /// <summary>The same between any two points of a schedule, as inference in continuous time needs it.</summary>
    /// <param name="before">abar at the earlier, noisier point, in (0, 1).</param>
    /// <param name="abar">abar at the later one, in [before, 1).</param>
    public static Posterior Between(double before, double abar)
    {
        double alpha = before / abar;
        return new(
            Math.Sqrt(abar) * (1 - alpha) / (1 - before),
            Math.Sqrt(alpha) * (1 - abar) / (1 - before),
            (1 - abar) * (1 - alpha) / (1 - before));
    }

    /// <summary>z_t = a_t u_hat + b_t z_{t-1} + sqrt(c_t) eps, (3) and (7).</summary>
    /// <param name="uHat">u_hat_t(z_{t-1}, x), [batch, d].</param>
    /// <param name="z">z_{t-1}, [batch, d].</param>
    /// <param name="eps">Standard normal [batch, d], or null for the mean.</param>
    /// <returns>z_t, [batch, d].</returns>
    public Tensor Step(Tensor uHat, Tensor z, Tensor? eps)
    {
        Tensor mean = uHat.Times(A).Plus(z.Times(B));
        return eps is null ? mean : mean.Plus(eps.Times(Math.Sqrt(C)));
    }

    /// <summary>A draw of z_t ~ q(z_t | y) = N(sqrt(abar_t) u_y, (1 - abar_t) I), (5).</summary>
    /// <param name="abar">abar_t.</param>
    /// <param name="u">u_y, [batch, d].</param>
    /// <param name="eps">Standard normal, [batch, d].</param>
    public static Tensor Diffuse(double abar, Tensor u, Tensor eps) => u.Times(Math.Sqrt(abar)).Plus(eps.Times(Math.Sqrt(1 - abar)));
}
