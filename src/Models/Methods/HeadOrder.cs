namespace NoProp.Models.Methods;

/// <summary>Which mini-batch the head reads in its steps: Algorithm 1 gives it every mini-batch of an epoch T times.</summary>
public static class HeadOrder
{
    /// <summary>The mini-batch step whose labels the head's step <paramref name="headStep"/> uses.</summary>
    public static long BatchStep(long headStep, int blocks, int stepsPerEpoch)
    {
        long epoch = headStep / ((long)blocks * stepsPerEpoch);
        return epoch * stepsPerEpoch + headStep % stepsPerEpoch;
    }
}
