using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Models.Diffusion;

/// <summary>Coefficients of q(z_t | z_{t-1}, y) = N(a_t u_y + b_t z_{t-1}, c_t I), (6).</summary>
public readonly record struct Posterior(double A, double B, double C)
{
    /// <summary>a_t, b_t, c_t of step t = 1..T.</summary>
    public static Posterior At(NoiseSchedule schedule, int t) => Between(schedule.Abar(t - 1), schedule.Abar(t));

    /// <summary>a_t, b_t, c_t of a step between any two times s &lt;= t, as continuous time takes on its grid: q(z_t | z_s, y).</summary>
    /// <param name="abarFrom">abar_s, in (0, 1).</param>
    /// <param name="abarTo">abar_t, not under abar_s and under 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public static Posterior Between(double abarFrom, double abarTo)
    {
        // NaN fails every comparison.
        if (!(abarFrom is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(abarFrom), abarFrom, "abar must be in (0, 1)");
        }

        if (!(abarTo >= abarFrom && abarTo < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(abarTo), abarTo, "abar must not decrease along a step, and must be under 1");
        }

        double alpha = abarFrom / abarTo;
        return new(
            Math.Sqrt(abarTo) * (1 - alpha) / (1 - abarFrom),
            Math.Sqrt(alpha) * (1 - abarTo) / (1 - abarFrom),
            (1 - abarTo) * (1 - alpha) / (1 - abarFrom));
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
