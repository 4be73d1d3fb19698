namespace NoProp.Actors.Training;

/// <summary>Paths of the dispatchers in HOCON. Arithmetic never runs on Akka's own, whose threads also carry heartbeats.</summary>
public static class Dispatchers
{
    /// <summary>Training steps: as many dedicated threads as slots.</summary>
    public const string Compute = "noprop.dispatchers.compute";

    /// <summary>Inference: as many dedicated threads as slots.</summary>
    public const string Inference = "noprop.dispatchers.inference";

    /// <summary>Preparing batches: one thread.</summary>
    public const string Loader = "noprop.dispatchers.loader";

    /// <summary>Writing files: one thread.</summary>
    public const string Recorder = "noprop.dispatchers.recorder";
}
