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
        : base(SettingsLoader.Load(overrides: ["noprop.slots=1", "akka.test.single-expect-default=30s"]).Config)
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
    public void A_manager_that_ends_while_it_reads_a_run_gives_the_run_back()
    {
        TestRunStore store = new(temp);
        store.Begin(SettingsHocon.ToHocon(Runs.OnDigits().Settings), "run").Dispose();
        using SemaphoreSlim go = new(0);
        using SemaphoreSlim opened = new(0);
        IActorRef manager = Manager(new Store(temp, failures: 0) { BeforeTakeOver = go.Wait, Opened = () => opened.Release() });

        Watch(manager);
        Sys.Stop(manager);
        ExpectTerminated(manager);
        go.Release();
        opened.Wait();

        IActorRef next = Manager(store);
        AwaitAssert(() => Assert.Equal("run", Status(next).Run));
    }

    [Fact]
    public void A_worker_that_is_not_known_is_answered_with_those_that_are()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        manager.Tell(new OfferSlots("one", 1, "0"));

        manager.Tell(new DrainWorker("two"));

        Assert.Equal("one", Assert.Single(ExpectMsg<WorkerUnknown>().Known));
    }

    [Fact]
    public void Runs_begin_in_the_order_in_which_they_came()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));

        Assert.IsType<RunAccepted>(Submit(manager, "a"));
        Assert.Equal(new RunQueued("b", 1, "it is behind a"), Submit(manager, "b"));
        Assert.Equal(new RunQueued("c", 2, "it is behind b"), Submit(manager, "c"));
        manager.Tell(new StopTraining("a"));

        AwaitAssert(() => Assert.Equal("b", Status(manager).Run));
        Assert.Equal(["c"], Status(manager).Queue.AsEnumerable());
        Assert.Equal(new RunQueued("c", 1, "it is behind b"), Ask<RunQueued>(manager, new GetTurn("c")));
        Assert.Equal("b", Ask<RunAccepted>(manager, new GetTurn("b")).Run);
    }

    [Theory]
    [InlineData("a", "a is in training: follow it or stop it")]
    [InlineData("b", "b waits in the queue already: take it out with noprop stop, or choose another name")]
    public void A_name_is_taken_once(string name, string refusal)
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        Submit(manager, "a");
        Submit(manager, "b");

        Assert.Equal(new RunRefused(refusal), Submit(manager, name));
        Assert.Equal(["b"], Status(manager).Queue.AsEnumerable());
    }

    [Fact]
    public void A_run_that_is_taken_out_of_the_queue_never_begins()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        Submit(manager, "a");
        Submit(manager, "b");
        Submit(manager, "c");

        Assert.Equal(new RunWithdrawn("b"), Ask<RunWithdrawn>(manager, new WithdrawRun("b")));
        manager.Tell(new StopTraining("a"));

        AwaitAssert(() => Assert.Equal("c", Status(manager).Run));
        Assert.Equal(new RunNotThere("b"), Ask<RunNotThere>(manager, new GetTurn("b")));
        Assert.False(Directory.Exists(Path.Combine(temp, "b")));
    }

    [Fact]
    public void A_run_in_training_cannot_be_taken_out_of_the_queue()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        Submit(manager, "a");

        Assert.Equal(new RunNotThere("a"), Ask<RunNotThere>(manager, new WithdrawRun("a")));
    }

    [Fact]
    public void The_next_manager_finds_the_queue_and_the_run_in_training_as_they_were()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        Submit(manager, "a");
        Submit(manager, "b");
        Submit(manager, "c");
        Watch(manager);
        Sys.Stop(manager);
        ExpectTerminated(manager);

        IActorRef next = Manager(new Store(temp, failures: 0));

        AwaitAssert(() => Assert.Equal("a", Status(next).Run));
        Assert.Equal(["b", "c"], Status(next).Queue.AsEnumerable());
    }

    [Fact]
    public void A_run_that_began_just_when_its_manager_died_is_not_begun_again()
    {
        TestRunStore store = new(temp);
        string settings = SettingsHocon.ToHocon(Runs.OnDigits().Settings);
        store.Queue.Add(new QueuedRun("a", settings, []));
        store.Queue.Add(new QueuedRun("b", settings, []));
        store.Begin(settings, "a").Dispose();

        IActorRef manager = Manager(new Store(temp, failures: 0));

        AwaitAssert(() => Assert.Equal("a", Status(manager).Run));
        Assert.Equal(["b"], Status(manager).Queue.AsEnumerable());
        Assert.Equal(["b"], store.Queue.Read().Select(run => run.Name));
    }

    [Fact]
    public void A_run_that_was_marked_and_not_made_when_its_manager_died_begins()
    {
        new TestRunStore(temp).Queue.Add(new QueuedRun("a", SettingsHocon.ToHocon(Runs.OnDigits().Settings), []));
        File.WriteAllText(Path.Combine(temp, "training"), "a");

        IActorRef manager = Manager(new Store(temp, failures: 0));

        AwaitAssert(() => Assert.Equal("a", Status(manager).Run));
        Assert.Empty(Status(manager).Queue);
    }

    [Fact]
    public void A_run_that_cannot_begin_says_why_and_lets_the_next_one_begin()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        Submit(manager, "a");
        Submit(manager, "b");
        Submit(manager, "c");
        File.WriteAllText(Path.Combine(temp, "b"), "no folder");
        manager.Tell(new StopTraining("a"));

        AwaitAssert(() => Assert.Equal("c", Status(manager).Run));
        Assert.Contains("b", Ask<RunRefused>(manager, new GetTurn("b")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_was_left_and_cannot_go_on_can_be_given_up_for_those_that_wait()
    {
        new TestRunStore(temp).Begin(SettingsHocon.ToHocon(Runs.OnDigits().Settings), "a").Dispose();
        IActorRef manager = Manager(new Store(temp, failures: int.MaxValue));
        AwaitAssert(() => Assert.Equal("a", Status(manager).Left));
        Assert.Equal(new RunQueued("b", 1, "a was left from before and does not go on: another process trains this run"), Submit(manager, "b"));

        AwaitAssert(() => Ask<RunWithdrawn>(manager, new WithdrawRun("a")));

        AwaitAssert(() => Assert.Equal("b", Status(manager).Run));
    }

    [Fact]
    public void A_run_that_goes_on_waits_for_its_turn_too()
    {
        IActorRef manager = Manager(new Store(temp, failures: 0));
        Submit(manager, "a");
        manager.Tell(new StopTraining("a"));
        AwaitAssert(() => Assert.Null(Status(manager).Run));
        Submit(manager, "b");

        manager.Tell(new ResumeRun([], "a"));
        Assert.Equal(new RunQueued("a", 1, "it is behind b"), FishForMessage<RunQueued>(_ => true));
        manager.Tell(new StopTraining("b"));

        AwaitAssert(() => Assert.Equal("a", Status(manager).Run));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(temp, recursive: true);
    }

    private object Submit(IActorRef manager, string name) => Ask<object>(manager, new SubmitRun(SettingsHocon.ToHocon(Runs.OnDigits().Settings), name));

    private TrainingStatus Status(IActorRef manager) => Ask<TrainingStatus>(manager, new GetTrainingStatus());

    private T Ask<T>(IActorRef manager, object question) => (T)manager.Ask<object>(question, RemainingOrDefault * 3).GetAwaiter().GetResult();

    private IActorRef Manager(IRunStore store) => Sys.ActorOf(RunManagerActor.Props(store, new LinkSettings(Moment, Moment, Moment), "0"));

    /// <summary>Runs that cannot be opened at first.</summary>
    private sealed class Store(string root, int failures) : IRunStore
    {
        private readonly TestRunStore inner = new(root);
        private int left = failures;

        public RunQueue Queue => inner.Queue;

        public string? Marked => inner.Marked;

        public string Check(string? settings, string? name) => inner.Check(settings, name);

        public StoredRun Begin(string settings, string? name) => inner.Begin(settings, name);

        public StoredRun Resume(IReadOnlyList<string> changes, string? name) => inner.Resume(changes, name);

        public Action BeforeTakeOver { get; init; } = () => { };

        public Action Opened { get; init; } = () => { };

        public StoredRun? TakeOver()
        {
            BeforeTakeOver();
            StoredRun? run = left-- > 0 ? throw new NoPropException("another process trains this run") : inner.TakeOver();
            Opened();
            return run;
        }

        public void Release() => inner.Release();

        public RunPlan Load(string settings, RemoteData? remote) => inner.Load(settings, remote);
    }
}
