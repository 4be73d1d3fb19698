using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using Membership = Akka.Cluster.Cluster;

namespace NoProp.Actors.Cluster;

/// <summary>A node's process has ended. Published to the event stream of the nodes that were connected to it.</summary>
/// <param name="Address">Where it listened.</param>
public sealed record NodeExited(Address Address);

/// <summary>
/// Sees the end of a process long before its heartbeats are missed. When a process ends, its connections close at once. That alone proves
/// nothing, but if its port is then refused, nobody is there any more. A worker is then taken out of the cluster at once: it has nothing
/// that another one could get wrong. Voters are not, because a proxy may refuse for them while they live; the split-brain resolver decides
/// about those. A node that is no voter and finds all voters' ports refused, or sees the last of them leave in good order, has no cluster any more: it ends its
/// membership at once, to join those that come in their place, which do not know of it. A machine that dies, or a network, refuses nothing: that is left to
/// leases and heartbeats.
/// </summary>
internal sealed class NodeExitActor : ReceiveActor
{
    private readonly Membership membership = Membership.Get(Context.System);
    private readonly HashSet<Address> asked = [];
    private readonly HashSet<UniqueAddress> goneVoters = [];

    /// <param name="patience">Time for a port to answer.</param>
    public NodeExitActor(TimeSpan patience)
    {
        Receive<AssociationEvent>(Broken, e => e is DisassociatedEvent or AssociationErrorEvent);
        Receive<Answer>(Answered);
        Receive<ClusterEvent.MemberRemoved>(removed => Gone(removed.Member), removed => IsVoter(removed.Member));
        ReceiveAny(_ => { });

        void Broken(AssociationEvent broken)
        {
            Address address = broken.RemoteAddress;
            if (address?.Port is { } port && Member(address) is not null && asked.Add(address))
            {
                RefusesAsync(address.Host.Trim('[', ']'), port, patience).PipeTo(Self, success: refused => new Answer(address, refused));
            }
        }
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        Context.System.EventStream.Subscribe(Self, typeof(AssociationErrorEvent));
        membership.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        membership.Unsubscribe(Self);
    }

    private void Answered(Answer answer)
    {
        asked.Remove(answer.Address);
        if (answer.Refused && Member(answer.Address) is { } member)
        {
            Context.System.EventStream.Publish(new NodeExited(answer.Address));
            if (!IsVoter(member))
            {
                membership.Down(answer.Address);
            }
            else
            {
                Gone(member);
            }
        }
    }

    private void Gone(Member voter)
    {
        if (goneVoters.Add(voter.UniqueAddress) && !IsVoter(membership.SelfMember) && membership.State.Members.Where(IsVoter).All(one => goneVoters.Contains(one.UniqueAddress)))
        {
            membership.Down(membership.SelfAddress);
        }
    }

    private static bool IsVoter(Member member) => member.HasRole(ClusterConfig.RoleName(NodeRole.Voter));

    // One that is exiting has said goodbye.
    private Member? Member(Address address) => membership.State.Members.FirstOrDefault(
        member => member.Address == address && member.Status is (MemberStatus.Joining or MemberStatus.Up or MemberStatus.Leaving));

    private static async Task<bool> RefusesAsync(string host, int port, TimeSpan patience)
    {
        using CancellationTokenSource late = new(patience);
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync(host, port, late.Token);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed record Answer(Address Address, bool Refused);
}
