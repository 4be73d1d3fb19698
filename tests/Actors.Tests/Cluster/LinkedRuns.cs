using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Runs whose trainer and workers stand in actor systems of their own, joined by links over remoting.</summary>
internal static class LinkedRuns
{
    /// <summary>Trains to the end.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="workers">Names of the workers.</param>
    /// <param name="observe">Told every event, and the actor systems of the workers.</param>
    /// <param name="data">Whom the workers' loaders ask for images, on the trainer's node; null where each worker has them.</param>
    public static async Task<RunEnded> TrainLinked(
        this RunPlan plan, string[] workers, Action<RunEvent, IReadOnlyList<ActorSystem>>? observe = null, Func<ActorSystem, IActorRef>? data = null)
    {
        NoProp.Models.Native.TorchRuntime.Load();
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Config config = plan.Config;
        ActorSystem trainerNode = TwoNodes.Start("trainer", config);
        ActorSystem[] nodes = [.. workers.Select(name => TwoNodes.Start(name, config))];
        ConcurrentQueue<LogEvent> log = [];
        foreach (ActorSystem node in nodes.Append(trainerNode))
        {
            node.EventStream.Subscribe(node.ActorOf(Props.Create(() => new Reader(log))), typeof(LogEvent));
        }

        try
        {
            IActorRef observer = NoPropHosting.Observer(trainerNode, runEvent =>
            {
                observe?.Invoke(runEvent, nodes);
                if (runEvent is RunEnded end)
                {
                    ended.TrySetResult(end);
                }
            });
            IActorRef trainer = NoPropHosting.StartTrainer(trainerNode, plan, trainerNode.ActorOf(InferenceActor.Props(plan.Method), "inference"), observer);
            IActorRef? server = data?.Invoke(trainerNode);
            RunPlan own = data is null ? plan : plan with { Remote = new(plan.Data, "the trainer's node") };
            TwoNodes.Accept(trainerNode, (_, _) => new TrainerRoutes(trainer, server));
            foreach ((ActorSystem node, string name) in nodes.Zip(workers))
            {
                node.ActorOf(
                    LinkActor.Connect(
                        TwoNodes.LinksOf(node, trainerNode), name, TwoNodes.Settings,
                        context => new WorkerRoutes(NoPropHosting.StartWorker(context, own, context.Self, name), data is null ? null : context.Child(NoPropHosting.Loader))),
                    "trainer");
            }

            return await ended.Task.WaitAsync(Runs.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The run has not ended within {Runs.Patience.TotalSeconds} s. The nodes logged:\n{string.Join('\n', log)}");
        }
        finally
        {
            await Task.WhenAll(nodes.Append(trainerNode).Select(node => node.Terminate()));
        }
    }

    private sealed class Reader : ReceiveActor
    {
        public Reader(ConcurrentQueue<LogEvent> log) => Receive<LogEvent>(log.Enqueue);
    }
}
