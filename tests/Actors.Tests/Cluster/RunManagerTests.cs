using Akka.Actor;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What the singleton says to those who ask, and what it does with a run that was left.</summary>
public sealed class RunManagerTests : TestKit
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly string temp = Directory.CreateTempSubdirectory("noprop-manager-").FullName;

    public RunManagerTests()
        : base(SettingsLoader.Load(overrides: ["noprop.slots=1"]).Config)
    {
    }

    [Fact]
    public void Without_a_run_it_says_so()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));

        AwaitAssert(() =>
        {
            manager.Tell(new FollowRun("run"));
            ExpectMsg(new RunNotThere("run"), Moment);
        });
    }

    [Fact]
    public void A_run_that_another_process_still_holds_is_taken_over_when_it_is_free()
    {
        new TestRunStore(temp).Begin(SettingsHocon.ToHocon(Runs.OnDigits().Settings), "run").Dispose();

        IActorRef manager = Manager(new Store(temp, failures: 2));

        AwaitAssert(() =>
        {
            manager.Tell(new GetTrainingStatus());
            Assert.Equal("run", ExpectMsg<TrainingStatus>().Run);
        });
    }

    [Fact]
    public void A_worker_that_is_not_known_is_answered_with_those_that_are()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        manager.Tell(new OfferSlots("one", 1, "0"));

        manager.Tell(new DrainWorker("two"));

        Assert.Equal("one", Assert.Single(ExpectMsg<WorkerUnknown>().Known));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(temp, recursive: true);
    }

    private IActorRef Manager(IRunStore store) => Sys.ActorOf(RunManagerActor.Props(store, new LinkSettings(Moment, Moment, Moment), "0"));

    /// <summary>Runs that cannot be opened at first.</summary>
    private sealed class Store(string root, int failures) : IRunStore
    {
        private readonly TestRunStore inner = new(root);
        private int left = failures;

        public StoredRun Begin(string settings, string? name) => inner.Begin(settings, name);

        public StoredRun Resume(IReadOnlyList<string> changes, string? name) => inner.Resume(changes, name);

        public StoredRun? TakeOver() => left-- > 0 ? throw new NoPropException("another process trains this run") : inner.TakeOver();

        public void Release() => inner.Release();

        public RunPlan Load(string settings, RemoteData? remote) => inner.Load(settings, remote);
    }
}
