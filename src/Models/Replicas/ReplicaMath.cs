namespace NoProp.Models.Replicas;

/// <summary>The formulas by which replicas are brought together, value by value, in double precision and rounded once.</summary>
public static class ReplicaMath
{
    /// <summary>The mean of some vectors, summed in their order: local SGD's x = (1/R) sum x_i (Stich 2019, algorithm 1).</summary>
    /// <param name="vectors">At least one, all of one length.</param>
    /// <param name="mean">Where it goes; may be one of them.</param>
    public static void Mean(IReadOnlyList<ReadOnlyMemory<float>> vectors, Span<float> mean)
    {
        for (int i = 0; i < mean.Length; i++)
        {
            double sum = 0;
            foreach (ReadOnlyMemory<float> vector in vectors)
            {
                sum += vector.Span[i];
            }

            mean[i] = (float)(sum / vectors.Count);
        }
    }

    /// <summary>x -= alpha (x - c), c += alpha (x - c), both by the x and c before (Zhang, Choromanska, LeCun 2015, algorithm 1).</summary>
    /// <param name="alpha">alpha.</param>
    /// <param name="x">The replica.</param>
    /// <param name="c">The centre.</param>
    public static void Elastic(double alpha, Span<float> x, Span<float> c)
    {
        for (int i = 0; i < x.Length; i++)
        {
            double pull = alpha * ((double)x[i] - c[i]);
            x[i] = (float)(x[i] - pull);
            c[i] = (float)(c[i] + pull);
        }
    }

    /// <summary>c += rate (x - c): how the centre takes a running statistic in.</summary>
    /// <param name="rate">rate.</param>
    /// <param name="x">The replica.</param>
    /// <param name="c">The centre.</param>
    public static void Approach(double rate, ReadOnlySpan<float> x, Span<float> c)
    {
        for (int i = 0; i < x.Length; i++)
        {
            c[i] = (float)(c[i] + rate * ((double)x[i] - c[i]));
        }
    }

    /// <summary>
    /// One arrival (Liu et al. 2024, algorithm 3 with c = 0): buffer += g; with the N-th arrival m = beta m + buffer / N, buffer = 0 and
    /// theta -= epsilon (beta m + g / N), otherwise theta -= epsilon g / N. So N arrivals together are one step of Nesterov's momentum with
    /// the mean of their g.
    /// </summary>
    /// <param name="rule">epsilon and beta.</param>
    /// <param name="start">What the replica began with.</param>
    /// <param name="end">What it came to; g = start - end.</param>
    /// <param name="arrivals">N.</param>
    /// <param name="last">Whether it is the N-th since the buffer was emptied.</param>
    /// <param name="theta">The centre.</param>
    /// <param name="momentum">m.</param>
    /// <param name="buffer">Sum of the g since it was emptied.</param>
    public static void DelayedNesterov(
        DelayedNesterov rule, ReadOnlySpan<float> start, ReadOnlySpan<float> end, int arrivals, bool last, Span<float> theta, Span<float> momentum, Span<float> buffer)
    {
        for (int i = 0; i < theta.Length; i++)
        {
            double g = (double)start[i] - end[i];
            double sum = buffer[i] + g;
            double move = g / arrivals;
            if (last)
            {
                double m = rule.Momentum * momentum[i] + sum / arrivals;
                momentum[i] = (float)m;
                move += rule.Momentum * m;
                sum = 0;
            }

            buffer[i] = (float)sum;
            theta[i] = (float)(theta[i] - rule.Rate * move);
        }
    }
}
