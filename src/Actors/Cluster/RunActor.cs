using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;

namespace NoProp.Actors.Cluster;

/// <summary>
/// All of a run that is in one place: trainer, head, centres, recorder, inference and evaluation are its children and end with it. Workers are
/// on other nodes, each behind a link.
/// </summary>
public sealed class RunActor : ReceiveActor
{
    private readonly StoredRun run;
    private readonly string settings;
    private readonly IActorRef trainer;
    private readonly IActorRef followers;
    private readonly IActorRef links;
    private ThroughputMeasured? throughput;
    private ImmutableDictionary<string, string> versions = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);
    private bool moving;

    /// <summary>A run that begins with its first worker.</summary>
    /// <param name="run">The run; stays the caller's.</param>
    /// <param name="linkSettings">How links behave.</param>
    /// <param name="version">Version of the software.</param>
    public RunActor(StoredRun run, LinkSettings linkSettings, string version)
    {
        (this.run, settings) = (run, SettingsHocon.ToHocon(run.Plan.Settings));
        followers = Context.ActorOf(RunFollowersActor.Props(linkSettings.Silence), "followers");
        IActorRef states = Context.ActorOf(
            PublishedStatesActor.Props(run.Name, run.Plan, Context.ActorOf(InferenceActor.Props(run.Plan.Method, run.Plan.Settings.Devices[0]), "inference")), "states");
        trainer = NoPropHosting.StartTrainer(Context, run.Plan, states, Self);
        IActorRef data = Context.ActorOf(DataServerActor.Props(run.Plan.Batches()), "data");
        links = Context.ActorOf(LinkAcceptorActor.Props(linkSettings, (_, _) => new TrainerRoutes(trainer, data)), "links");
        Receive<OfferSlots>(offer =>
        {
            versions = versions.SetItem(offer.Worker, offer.Version);
            Sender.Tell(new JoinRun(run.Name, settings, links, run.Plan.Data));
        });
        Receive<FollowRun>(followers.Forward);
        Receive<StopTraining>(_ => trainer.Tell(new StopRun()));
        Receive<HandOver>(_ =>
        {
            moving = true;
            trainer.Tell(new StopRun());
        });
        Receive<GetPublished>(states.Forward);
        Receive<GetStatePart>(states.Forward);
        Receive<DrainWorker>(trainer.Forward);
        Receive<GetPolicies>(trainer.Forward);
        Receive<SetPolicies>(trainer.Forward);
        Receive<ChangePolicies>(trainer.Forward);
        Receive<GetTrainingStatus>(asked => trainer.Ask<TrainingStatus>(asked, linkSettings.Silence)
            .ContinueWith(
                answer => answer.IsCompletedSuccessfully
                    ? answer.Result with
                    {
                        Run = run.Name,
                        Folder = run.Plan.Folder?.Path,
                        Version = version,
                        Workers = [.. answer.Result.Workers.Select(worker => worker with { Version = versions.GetValueOrDefault(worker.Name, "") })],
                        StepsPerSecond = throughput?.StepsPerSecond ?? 0,
                        Queue = asked.Queue,
                        Slots = throughput?.Slots ?? default,
                    }
                    : new TrainingStatus(run.Name, run.Plan.Folder?.Path, [], [], version) { Queue = asked.Queue },
                TaskScheduler.Default)
            .PipeTo(Sender));
        Receive<ThroughputMeasured>(measured =>
        {
            throughput = measured;
            followers.Forward(measured);
        });
        Receive<RunEnded>(ended =>
        {
            // To who follows it a run that moves has not ended.
            if (!moving)
            {
                followers.Tell(ended);
            }

            Context.Parent.Tell(ended);
        });
        Receive<RunEvent>(followers.Forward);
    }
}
