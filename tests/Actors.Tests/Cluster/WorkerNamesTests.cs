using Akka.Actor;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Two workers of one name: neither is taken for the other one.</summary>
public sealed class WorkerNamesTests : TestKit
{
    private readonly WorkerNames names = new();

    public WorkerNamesTests()
        : base(SettingsLoader.Load(overrides: ["noprop.slots=1"]).Config)
    {
    }

    [Fact]
    public void The_first_one_counts_for_as_long_as_it_is_there()
    {
        (IActorRef first, IActorRef second) = (CreateTestProbe().Ref, CreateTestProbe().Ref);
        names.Offer("ada", first);
        names.Offer("ada", second);

        Assert.Equal(first, names.Find("ada"));
        names.Remove(first);
        Assert.Equal(second, names.Find("ada"));
        names.Remove(second);
        Assert.Empty(names.Names);
    }

    [Fact]
    public void A_name_that_two_workers_keep_is_said_once()
    {
        (IActorRef first, IActorRef second) = (CreateTestProbe().Ref, CreateTestProbe().Ref);
        names.Offer("ada", first);

        IActorRef?[] said = [.. Enumerable.Range(0, 100).Select(_ => names.Offer("ada", second).Other)];

        Assert.Equal(first, Assert.Single(said, other => other is not null));
        Assert.DoesNotContain(said[..5], other => other is not null);
    }

    [Fact]
    public void A_worker_whose_name_another_one_has_leaves_without_sending_that_one_away()
    {
        string temp = Directory.CreateTempSubdirectory("noprop-names-").FullName;
        IActorRef manager = Sys.ActorOf(RunManagerActor.Props(new TestRunStore(temp), new LinkSettings(Dilated(1), Dilated(1), Dilated(1)), "0"));
        Akka.TestKit.TestProbe first = CreateTestProbe();
        manager.Tell(new OfferSlots("ada", 1, "0"), first);
        manager.Tell(new OfferSlots("ada", 1, "0"));

        manager.Tell(new DrainWorker("ada") { Own = true });

        ExpectMsg(new WorkerDrained("ada"));
        first.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        Directory.Delete(temp, recursive: true);
    }

    private TimeSpan Dilated(int seconds) => Dilated(TimeSpan.FromSeconds(seconds));
}
