using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>What a link carries: bytes per second of large snapshots, and how long a small message takes beside one.</summary>
internal static class LinkSpeed
{
    private const int InFlight = 10;

    private static readonly Lease Lease = new(new BlockId(1), new LeaseEpoch(1), new StepRange(0, 1), "west");

    public static Command Create()
    {
        Option<int> size = new("--bytes") { Description = "Bytes of a snapshot", DefaultValueFactory = _ => 9_800_000 };
        Option<int> rounds = new("--rounds") { Description = "Rounds, after one that does not count", DefaultValueFactory = _ => 10 };
        Command command = new("link", "Two actor systems in this process, joined by a link over loopback") { size, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(size), parsed.GetValue(rounds)));
        return command;
    }

    private static async Task<int> Run(int size, int rounds)
    {
        Config config = ConfigurationFactory.ParseString("""
            akka { loglevel = WARNING, actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }
            """).WithFallback(WireConfig.Akka());
        using ActorSystem here = ActorSystem.Create("here", config);
        using ActorSystem there = ActorSystem.Create("there", config);
        LinkSettings settings = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        Arrivals arrivals = new();
        IActorRef receiver = there.ActorOf(Props.Create(() => new Receiver(arrivals)));
        there.ActorOf(LinkAcceptorActor.Props(settings, (_, _) => new Routes(receiver)), "links");
        ActorSelection links = here.ActorSelection(new RootActorPath(((ExtendedActorSystem)there).Provider.DefaultAddress) / "user" / "links");
        IActorRef link = here.ActorOf(LinkActor.Connect(links, "west", settings, _ => new Routes(here.DeadLetters)));
        GrantLease large = new(Lease, new Snapshot("block-01", 0, new byte[size]));

        List<double> speeds = [];
        List<double> waits = [];
        for (int round = -1; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < InFlight; i++)
            {
                link.Tell(large);
            }

            await arrivals.Large(InFlight);
            double speed = (double)size * InFlight / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
            for (int i = 0; i < InFlight; i++)
            {
                link.Tell(large);
                start = Stopwatch.GetTimestamp();
                link.Tell(new LeaseRenewed(Lease));
                await arrivals.Small();
                if (round >= 0)
                {
                    waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }

                await arrivals.Large(1);
            }

            if (round >= 0)
            {
                speeds.Add(speed);
            }
        }

        speeds.Sort();
        waits.Sort();
        AnsiConsole.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{size / 1e6:0.0} MB messages: median {speeds[speeds.Count / 2]:0} MB/s, lowest {speeds[0]:0}, highest {speeds[^1]:0}"));
        AnsiConsole.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"a small message beside one: median {waits[waits.Count / 2]:0.0} ms, 99th percentile {waits[waits.Count * 99 / 100]:0.0} ms, longest {waits[^1]:0.0} ms"));
        await Task.WhenAll(here.Terminate(), there.Terminate());
        return 0;
    }

    private sealed class Arrivals
    {
        private readonly Channel<bool> large = Channel.CreateUnbounded<bool>();
        private readonly Channel<bool> small = Channel.CreateUnbounded<bool>();

        public void Count(object message) => (message is GrantLease ? large : small).Writer.TryWrite(true);

        public async Task Small() => await small.Reader.ReadAsync();

        public async Task Large(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await large.Reader.ReadAsync();
            }
        }
    }

    private sealed class Receiver : ReceiveActor
    {
        public Receiver(Arrivals arrivals) => ReceiveAny(message => arrivals.Count(message));
    }

    private sealed class Routes(IActorRef receiver) : ILinkRoutes
    {
        public IActorRef Local => receiver;

        public object Outgoing(object message) => message;

        public (IActorRef To, object Message)? Incoming(object message, IActorRef link) => (receiver, message);

        public bool Passes(object message) => message is LeaseRenewed;
    }
}
