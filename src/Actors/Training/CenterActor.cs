using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Training;

/// <summary>Owns the centre of one block that has replicas: they come to it, and go on with what it answers.</summary>
public sealed class CenterActor : ReceiveActor
{
    private readonly BlockId block;
    private readonly BlockCenter center;

    /// <summary>A centre.</summary>
    /// <param name="block">The block.</param>
    /// <param name="method">The method of the replicas.</param>
    /// <param name="schedule">How they are brought together.</param>
    /// <param name="from">Where to go on; null to begin.</param>
    public CenterActor(BlockId block, IMethod method, ReplicaSchedule schedule, Snapshot? from)
    {
        this.block = block;
        center = new(block, method.Replicas, schedule, () => Initial(method), from);
        Receive<ReplicaArrived>(Arrive);
        Receive<FollowSchedule>(follow => center.Follow(follow.Schedule));
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(BlockId block, IMethod method, ReplicaSchedule schedule, Snapshot? from) =>
        Akka.Actor.Props.Create(() => new CenterActor(block, method, schedule, from)).WithDispatcher(Dispatchers.Compute);

    private void Arrive(ReplicaArrived arrived)
    {
        try
        {
            if (center.Arrive(arrived.Replica.Replica, arrived.State) is { } meeting)
            {
                Context.Parent.Tell(new ReplicasMet(block, meeting));
            }
        }
        catch (Exception e)
        {
            // Thrown on, it would be restarted at an earlier state, and bring the replicas together wrongly.
            Context.Parent.Tell(new CenterFailed(block, e.Message.Split('\n')[0].Trim()));
        }
    }

    private Snapshot Initial(IMethod method)
    {
        TorchRuntime.UseOneThread();
        using IBlockCompute first = method.CreateBlock(new(block.Index * method.Replicas + 1), from: null);
        return first.Snapshot();
    }
}
