using System.CommandLine;
using NoProp.Actors.Hosting;

namespace NoProp.Host.Commands;

/// <summary>Options of the verbs that use a trained network.</summary>
internal sealed class RunOptions
{
    private readonly Option<int?> samples = new("--samples") { Description = "Draws of noise over which the answer is averaged [default: the run's setting]", HelpName = "N" };
    private readonly Option<bool?> stochastic = new("--stochastic") { Description = "Draw noise in every step, not in z_0 alone [default: the run's setting]" };
    private readonly Option<ulong?> seed = new("--seed") { Description = "Seed of the noise [default: the run's]", HelpName = "N" };
    private readonly Option<long?> checkpoint = new("--checkpoint") { Description = "Use the checkpoint of so many block steps [default: the newest]", HelpName = "STEP" };
    private readonly Option<string> dataDir = new("--data-dir") { Description = "Where the data are, if not where they were in training", HelpName = "FOLDER" };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[samples, stochastic, seed, checkpoint, dataDir])
        {
            command.Add(option);
        }
    }

    public TrainedRun Open(ParseResult parsed, string run) => TrainedRun.Open(run, parsed.GetValue(checkpoint), parsed.GetValue(dataDir));

    /// <exception cref="SettingsException">It is not at least 1.</exception>
    public int Samples(ParseResult parsed, TrainedRun run) => parsed.GetValue(samples) switch
    {
        null => run.Loaded.Settings.Evaluate.Samples,
        < 1 or > 1_000_000 => throw new SettingsException($"--samples {parsed.GetValue(samples)}: must be a whole number from 1 to 1000000"),
        int count => count,
    };

    public bool Stochastic(ParseResult parsed, TrainedRun run) => parsed.GetValue(stochastic) ?? run.Loaded.Settings.Evaluate.Stochastic;

    public ulong Seed(ParseResult parsed, TrainedRun run) => parsed.GetValue(seed) ?? run.Loaded.Settings.Training.Seed;
}
