using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Commands;
using NoProp.Host.Plots;
using NoProp.Host.Views;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>Trains a row in an actor system of its own, with progress on a console.</summary>
internal sealed class RowTrainer(IAnsiConsole console, bool plain)
{
    /// <summary>Trains until the row is finished, fails or is stopped; goes on where an earlier session was stopped.</summary>
    /// <returns>What came of it: a failure is a result too, for the other rows can do without this one.</returns>
    public async Task<RowRun> TrainAsync(RowJob job, CancellationToken stop)
    {
        try
        {
            using OpenRun run = job.IsBegun
                ? OpenRun.Resume(job.Folder, basis => SettingsLoader.Load(basis, job.Overrides, policyFault: SettingsOptions.PolicyFault))
                : OpenRun.Begin(job.Loaded);
            if (!run.IsComplete)
            {
                await FollowAsync(run.Plan, stop);
            }

            return job.Result();
        }
        catch (NoPropException e)
        {
            return RowRun.Failure(job.Seed, job.Folder, e.Message, job.Images);
        }
    }

    private async Task FollowAsync(RunPlan plan, CancellationToken stop)
    {
        TrainingProgress progress = new(plan.Trained.Blocks, plan.Replicas);
        Task<RunEnded> training = TrainingRun.RunAsync(plan, progress.Observe, stop: stop);
        await (plain ? PlainView.FollowAsync(console, progress, training) : LiveView.FollowAsync(console, progress, training, stop));
        RunEnded ended = await training;
        if (ended.Outcome == RunOutcome.Failed)
        {
            throw new NoPropException(ended.Reason ?? "the run ended early");
        }

        Curves.Write(plan.Folder!);
    }
}
