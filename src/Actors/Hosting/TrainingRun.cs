using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Native;

namespace NoProp.Actors.Hosting;

/// <summary>Runs a training in an actor system of its own, from beginning to end.</summary>
public static class TrainingRun
{
    /// <summary>Trains until the goal is reached, the run is stopped or it cannot go on; what is recorded is on disk then.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="observe">Told every event, on a thread of the actor system: it should not take long.</param>
    /// <param name="stop">Stops the run after the steps in progress, with a checkpoint.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="NoPropException">libtorch cannot be loaded.</exception>
    public static async Task<RunEnded> RunAsync(RunPlan plan, Action<RunEvent>? observe = null, CancellationToken stop = default)
    {
        TorchRuntime.Load();
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.AddAkka("noprop", akka => akka.WithNoPropTraining(plan, runEvent =>
        {
            observe?.Invoke(runEvent);
            if (runEvent is RunEnded end)
            {
                ended.TrySetResult(end);
            }
        }));
        using IHost host = builder.Build();
        await host.StartAsync(CancellationToken.None);
        IActorRef trainer = host.Services.GetRequiredService<ActorRegistry>().Get<TrainerActor>();
        await using (stop.Register(() => trainer.Tell(new StopRun())))
        {
            RunEnded result = await ended.Task;
            await host.StopAsync(CancellationToken.None);
            return result;
        }
    }

    /// <summary>The caller decides about Ctrl-C: the default lifetime would take the actor system down under the run.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
