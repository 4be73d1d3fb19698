using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Randomness;

namespace NoProp.Actors.Simulation;

/// <content>What workers do with their leases, and what happens to them.</content>
public sealed partial class Simulator
{
    private const int RequestBytes = 64;

    private void Join(SimulatedWorker worker)
    {
        (worker.Alive, worker.Since) = (true, now);
        worker.Life++;
        Handle(new RunInput.WorkerJoined(worker.Name, worker.Slots));
    }

    private void Kill()
    {
        SimulatedWorker[] alive = [.. workers.Where(worker => worker.Alive)];
        if (alive.Length > 0)
        {
            Kill(alive[(int)(Draw() * alive.Length)]);
        }

        Later(settings.KillEvery, Kill);
    }

    private void Kill(SimulatedWorker victim)
    {
        if (victim.Alive)
        {
            kills++;
            (victim.Alive, victim.AliveTime) = (false, victim.AliveTime + (now - victim.Since));
            victim.Life++;
            In(settings.Restart, () => Join(victim));
            Handle(new RunInput.WorkerLeft(victim.Name));
        }
    }

    private void Stall()
    {
        SimulatedWorker victim = workers[(int)(Draw() * workers.Length)];
        victim.StalledUntil = now + settings.StallFor;
        Later(settings.StallEvery, Stall);
    }

    private void Switch()
    {
        Handle(new RunInput.PoliciesChosen(settings.Switches[nextSwitch++ % settings.Switches.Length]));
        Later(settings.SwitchEvery, Switch);
    }

    private void Tick()
    {
        Handle(new RunInput.Tick());
        In(settings.LeaseTimeout / 10, Tick);
    }

    private void Grant(Lease lease)
    {
        int block = lease.Block.Index;
        SimulatedWorker worker = byName[lease.Worker];
        Require(leases[block] is null, $"{lease} was granted while {leases[block]?.Lease} was out");
        Require(worker.Alive, $"{lease} was granted to a worker that is gone");
        Require(lease.Steps.From == state.Blocks[block].Clock && lease.Steps.Count > 0 && lease.Steps.To <= settings.Steps, $"{lease} is empty, beyond the goal or not where the block stands");
        Require(state.Goal.Policies.Blocks.MaxLead is not { } max || lease.Steps.To - state.MinClock <= max, $"{lease} goes {lease.Steps.To - state.MinClock} steps ahead under {state.Goal.Policies.Blocks.Name}");
        Require(state.Workers[lease.Worker].Leases <= worker.Slots, $"{lease.Worker} has {state.Workers[lease.Worker].Leases} leases for {worker.Slots} slots");
        Require(!state.Goal.Policies.Blocks.IsSequential || state.LeasesOut == 1, $"{lease} while another block trains under {state.Goal.Policies.Blocks.Name}");
        Require(lease.Steps.To <= state.NextMeeting(block, lease.Steps.From), $"{lease} goes beyond a meeting of replicas");
        Require(centers.MayGoOn(lease.Block), $"{lease} was granted while its meeting at step {lease.Steps.From} was still to be held");
        SimulatedLease held = leases[block] = new(lease, worker.Life, now);
        bool moved = holders[block] != $"{worker.Name}/{worker.Life}";
        moves += moved && holders[block] is not null ? 1 : 0;
        In(settings.CommitTime + Send(moved ? settings.SnapshotBytes : RequestBytes), () => Proceed(held));
    }

    private void Revoke(Lease lease)
    {
        SimulatedLease? held = leases[lease.Block.Index];
        Require(held?.Lease == lease, $"{lease} was taken back, which nobody holds");
        leases[lease.Block.Index] = null;
        revoked++;
        if (held is not null)
        {
            held.Valid = false;
            holdingSeconds += (now - held.Granted).TotalSeconds;
        }

        Release(lease);
    }

    private void Release(Lease lease) => ToHead(0, TimeSpan.Zero, () =>
    {
        head?.Release(lease);
        AnswerAll();
    });

    private void Truncate(Lease lease)
    {
        if (leases[lease.Block.Index] is { } held && held.Lease == lease)
        {
            held.Truncated = true;
            // Who waits for a version of the shared parameters has nothing to finish.
            if (!held.Computing && !held.Committing)
            {
                Commit(held);
            }
        }
    }

    private void Accept(RunEffect.Accept accept)
    {
        int block = accept.Lease.Block.Index;
        SimulatedLease? held = leases[block];
        Require(held is { Valid: true } && held.Lease == accept.Lease, $"the commit of {accept.Lease} was accepted, which was void");
        leases[block] = null;
        if (held is not null)
        {
            committed += accept.To - accept.Lease.Steps.From;
            holdingSeconds += (now - held.Granted).TotalSeconds;
            contributingSeconds += accept.To > accept.Lease.Steps.From ? (now - held.Granted).TotalSeconds : 0;
            holders[block] = $"{accept.Lease.Worker}/{held.Life}";
        }

        leads.Add(state.Blocks[block].Clock - state.MinClock);
    }

    private void Meet(BlockId replica)
    {
        IReadOnlyList<BlockId> on = centers.Arrive(replica, state.Blocks[replica.Index].Clock, state.Schedules[replica.Block.Index]);
        In(settings.MeetingTime, () =>
        {
            foreach (BlockId other in on)
            {
                // Its state came from the centre: nobody has it yet.
                holders[other.Index] = null;
                Handle(new RunInput.Met(other));
            }
        });
    }

    /// <summary>The next step, or the commit where there is none.</summary>
    private void Proceed(SimulatedLease held)
    {
        if (Lost(held) || Postponed(held, () => Proceed(held)))
        {
            return;
        }

        if (held.Truncated || held.NextStep == held.Lease.Steps.To)
        {
            Commit(held);
        }
        else if (head is null || held.VersionFor > 0)
        {
            held.Computing = true;
            In(StepTime(held), () => Finish(held));
        }
        else
        {
            ToHead(RequestBytes, TimeSpan.Zero, () =>
            {
                head.Ask(held);
                AnswerAll();
            });
        }
    }

    private void Finish(SimulatedLease held)
    {
        if (Lost(held) || Postponed(held, () => Finish(held)))
        {
            return;
        }

        long step = held.NextStep;
        (held.Computing, held.Done) = (false, held.Done + 1);
        executed++;
        if (now - held.Sign > SignEvery)
        {
            held.Sign = now;
            Handle(new RunInput.Renewed(held.Lease));
        }

        if (head is not null)
        {
            held.VersionFor--;
            long version = held.Version;
            ToHead(settings.SharedValues * sizeof(float), settings.HeadTime, () =>
            {
                string? wrong = head.Take(held, step, version);
                Require(wrong is null, wrong ?? "");
                AnswerAll();
                AdvanceHead();
            });
        }

        Proceed(held);
    }

    private void Commit(SimulatedLease held)
    {
        held.Committing = true;
        TimeSpan compute = held.Done * settings.StepTime * byName[held.Lease.Worker].Slowness;
        In(settings.CommitTime + Send(settings.SnapshotBytes), () =>
        {
            if (!Lost(held))
            {
                Handle(new RunInput.Committed(held.Lease, held.NextStep, compute));
            }
        });
        Release(held.Lease);
    }

    /// <summary>The head tells blocks that may go on which version they may use.</summary>
    private void AnswerAll()
    {
        if (head is null)
        {
            return;
        }

        foreach ((SimulatedLease held, long version, int steps) in head.Answers())
        {
            In(Send(settings.SharedValues * sizeof(float)), () =>
            {
                (held.Version, held.VersionFor) = (version, steps);
                if (!held.Committing)
                {
                    Proceed(held);
                }
            });
        }
    }

    // What a worker had in hand dies with it.
    private bool Lost(SimulatedLease held) => byName[held.Lease.Worker].Life != held.Life;

    private bool Postponed(SimulatedLease held, Action action)
    {
        TimeSpan until = byName[held.Lease.Worker].StalledUntil;
        if (until <= now)
        {
            return false;
        }

        In(until - now, action);
        return true;
    }

    private TimeSpan StepTime(SimulatedLease held)
    {
        double mean = settings.StepTime.TotalSeconds * byName[held.Lease.Worker].Slowness;
        if (settings.Jitter == 0)
        {
            return TimeSpan.FromSeconds(mean);
        }

        double u = Noise.Fraction(Address(held, 0));
        double v = Noise.Fraction(Address(held, 1));
        double normal = Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * v);
        return TimeSpan.FromSeconds(mean * Math.Exp(settings.Jitter * normal - settings.Jitter * settings.Jitter / 2));
    }

    // Each attempt at a step takes a time of its own.
    private NoiseKey Address(SimulatedLease held, int part) =>
        new(settings.Seed, NoiseStream.Simulation, held.Lease.Block.Value, (held.NextStep * 1_000_003 + held.Lease.Epoch.Value) * 2 + part);

    /// <summary>The time until a message has gone over the line that all workers share; none where there is no line.</summary>
    private TimeSpan Send(long size)
    {
        if (settings.Link is not { } link)
        {
            return TimeSpan.Zero;
        }

        bytes += size;
        lineFree = (lineFree > now ? lineFree : now) + TimeSpan.FromSeconds(8 * size / link);
        return lineFree - now + settings.Latency;
    }

    /// <summary>A message to the head, which handles one after the other in the order in which they come.</summary>
    private void ToHead(long size, TimeSpan time, Action action)
    {
        TimeSpan arrives = now + Send(size);
        headFree = (headFree > arrives ? headFree : arrives) + time;
        In(headFree - now, action);
    }
}
