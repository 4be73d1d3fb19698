using System.Diagnostics;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Stacks;

namespace NoProp.Actors.Training;

/// <summary>
/// Does the arithmetic of the blocks on one device, together: a step is made when all that take part have asked for one. Who takes part holds a
/// lease and has a mini-batch coming or fails, and depends on no other block for that; so nobody waits for good, whatever the policy.
/// </summary>
public sealed class StackActor : ReceiveActor
{
    private readonly Func<IStackCompute> create;
    private readonly Dictionary<BlockId, Member> members = [];
    private IStackCompute? stack;

    /// <summary>A stack without blocks; its memory is made for the first of them.</summary>
    /// <param name="create">Makes it.</param>
    public StackActor(Func<IStackCompute> create)
    {
        this.create = create;
        Receive<JoinStack>(Join);
        Receive<StepInStack>(Ask);
        Receive<LeaveStack>(leave => Leave(leave.Seat));
        Receive<QuitStack>(quit => Forget(member => member.Seat == quit.Seat));
        Receive<Terminated>(gone => Forget(member => member.Actor.Equals(gone.ActorRef)));
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(Func<IStackCompute> create) => Akka.Actor.Props.Create(() => new StackActor(create)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        // Blocks that wait for an answer would wait for good.
        foreach (Member member in members.Values)
        {
            Fail(member, reason);
        }

        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (Member member in members.Values)
        {
            member.Asked?.Dispose();
        }

        stack?.Dispose();
    }

    private void Join(JoinStack join)
    {
        BlockId block = join.Seat.Block;
        bool isHere = members.Remove(block, out Member? before) && before.Actor.Equals(Sender) && before.Seat is null;
        before?.Asked?.Dispose();
        Member member = new(Context.Watch(Sender), join.Seat);
        members.Add(block, member);
        try
        {
            TorchRuntime.UseOneThread();
            stack ??= create();
            if (!isHere || join.Moved || stack.Clock(block) != join.From)
            {
                stack.Join(block, join.State);
            }
        }
        catch (Exception e)
        {
            Drop(block, e);
        }

        StepIfAllAsk();
    }

    private void Ask(StepInStack asked)
    {
        if (members.TryGetValue(asked.Seat.Block, out Member? member) && member.Seat == asked.Seat)
        {
            member.Asked = asked.Batch;
            StepIfAllAsk();
        }
        else
        {
            asked.Batch.Dispose();
            Sender.Tell(new StackFailed(asked.Seat, new NoPropException("the stack has lost it, and begins anew")));
        }
    }

    private void Leave(Seat seat)
    {
        if (!members.TryGetValue(seat.Block, out Member? member) || member.Seat != seat)
        {
            Sender.Tell(new StackFailed(seat, new NoPropException("the stack has lost it, and begins anew")));
            return;
        }

        try
        {
            TorchRuntime.UseOneThread();
            member.Actor.Tell(new LeftStack(seat, stack!.ReadLosses(seat.Block), stack.Snapshot(seat.Block)));
            member.Seat = null;
        }
        catch (Exception e)
        {
            Drop(seat.Block, e);
        }

        StepIfAllAsk();
    }

    private void Forget(Func<Member, bool> which)
    {
        foreach (BlockId block in members.Where(pair => which(pair.Value)).Select(pair => pair.Key).ToArray())
        {
            members.Remove(block, out Member? member);
            member!.Asked?.Dispose();
            stack?.Leave(block);
        }

        StepIfAllAsk();
    }

    private void StepIfAllAsk()
    {
        (BlockId Block, Member Member)[] taking = [.. members.Where(pair => pair.Value.Seat is not null).Select(pair => (pair.Key, pair.Value))];
        if (taking.Length == 0 || taking.Any(part => part.Member.Asked is null))
        {
            return;
        }

        try
        {
            TorchRuntime.UseOneThread();
            long start = Stopwatch.GetTimestamp();
            stack!.Step([.. taking.Select(part => new StackStep(part.Block, part.Member.Asked!))]);
            TimeSpan computeTime = Stopwatch.GetElapsedTime(start);
            foreach ((_, Member member) in taking)
            {
                member.Asked!.Dispose();
                member.Asked = null;
                member.Actor.Tell(new SteppedInStack(member.Seat!, computeTime));
            }
        }
        catch (Exception e)
        {
            foreach ((BlockId block, _) in taking)
            {
                Drop(block, e);
            }
        }
    }

    /// <summary>Takes a block out whose state is not to be used any more, and tells it.</summary>
    private void Drop(BlockId block, Exception cause)
    {
        members.Remove(block, out Member? member);
        stack?.Leave(block);
        Fail(member!, cause);
    }

    private static void Fail(Member member, Exception cause)
    {
        member.Asked?.Dispose();
        member.Asked = null;
        if (member.Seat is { } seat)
        {
            member.Actor.Tell(new StackFailed(seat, cause));
        }
    }

    /// <param name="actor">Who asks for the block's steps.</param>
    /// <param name="seat">Its part now.</param>
    private sealed class Member(IActorRef actor, Seat seat)
    {
        public IActorRef Actor => actor;

        /// <summary>Null where the block holds no lease, and only its state is here.</summary>
        public Seat? Seat { get; set; } = seat;

        /// <summary>The mini-batch of the step that it waits for.</summary>
        public Batch? Asked { get; set; }
    }
}
