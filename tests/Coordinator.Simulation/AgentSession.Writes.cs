using Coordinator.Agent.Sessions;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using FileValue = Coordinator.Agent.State.RegisterValue;

namespace Coordinator.Simulation;

/// <summary>Decisions, and what of them has to be on disk before anything follows from them.</summary>
public sealed partial class AgentSession
{
    private Func<Disk, Disk>? _writing;

    /// <summary>The store's copy of a decision that its register's file holds: on its way.</summary>
    private DestinationRecords? _copy;

    /// <summary>Nothing else is handled until it is on disk; a crash meanwhile leaves it there or not.</summary>
    private void Write(Func<Disk, Disk> change, Action then, Action? failed = null)
    {
        long now = World.Agenda.NowMicros;
        long takes = now < Agent.DiskSlowUntilMicros ? Dice.Between(50_000, 2_000_000) : Dice.Between(100, Dice.Chance(0.05) ? 20_000 : 3_000);
        _writing = change;
        int life = Agent.Life;
        World.Agenda.After(takes, () =>
        {
            if (Agent.Life != life || _writing != change)
            {
                return;
            }

            if (World.Agenda.NowMicros < Agent.DiskFullUntilMicros)
            {
                // Nothing was recorded, so nothing has happened: whoever sent the input repeats it, and effects are performed again.
                World.Coverage.Saw("an agent's write was refused");
                Agent.After(1, () =>
                {
                    _writing = null;
                    _isHandling = false;
                    failed?.Invoke();
                    Agent.After(500_000, () => Post(() => { }));
                    Pump();
                });
                return;
            }

            Disk = change(_copy is { } copy ? Disk with { Copied = copy } : Disk);
            _copy = null;
            World.Watch.Stored(this);
            Agent.After(Dice.Between(5, 200), () =>
            {
                _writing = null;
                then();
                if (_writing is null)
                {
                    Ended();
                    Pump();
                }
            });
        });
    }

    private void Feed(SourceInput input, Action<CommandReply>? then = null, Func<Disk, CommandReply, Disk>? alongside = null, Action? failed = null)
    {
        Decision<CommandReply, SourceEvent> decision = World.Rules.Decide(Source, input);
        SourceHandoff next = Source;
        foreach (SourceEvent happened in decision.Events)
        {
            next = World.Rules.Apply(next, happened);
        }

        if (next.Records == Source.Records && alongside is null)
        {
            Become(next);
            then?.Invoke(decision.Reply);
            return;
        }

        Write(
            disk => alongside is null ? disk with { Source = next.Records } : alongside(disk with { Source = next.Records }, decision.Reply),
            () =>
            {
                Become(next);
                then?.Invoke(decision.Reply);
            },
            failed);
    }

    private void Feed(DestinationInput input, Action<DestinationReply>? then = null, Func<Disk, CommandReply, Disk>? alongside = null, Action? failed = null)
    {
        Decision<DestinationReply, DestinationEvent> decision = World.Rules.Decide(Destination, input);
        DestinationHandoff next = Destination;
        foreach (DestinationEvent happened in decision.Events)
        {
            next = World.Rules.Apply(next, happened);
        }

        World.Watch.DestinationDecided(this, Destination, next, input);
        if (next.Records == Destination.Records && alongside is null)
        {
            Become(next);
            then?.Invoke(decision.Reply);
            return;
        }

        bool waits = alongside is null && decision.Events.All(e => !e.Durable || e is DestinationEvent.RunSet { GuestWasRunning: true });
        bool runs = next.Records.Running > Destination.Records.Running;
        Decide(decision.Events, () =>
        {
            if (waits)
            {
                CopyLater(next.Records);
                Become(next);
                then?.Invoke(decision.Reply);
                return;
            }

            Write(
                disk =>
                {
                    Disk with = disk with { Copied = next.Records, Resident = runs ? next.Records.Launch : disk.Resident };
                    return alongside is null ? with : alongside(with, decision.Reply.Command ?? CommandReply.Accepted);
                },
                () =>
                {
                    Become(next);
                    then?.Invoke(decision.Reply);
                },
                () =>
                {
                    FollowRegister(next);
                    failed?.Invoke();
                });
        }, failed);
    }

    /// <summary>The store did not take what the register's file holds already: the state follows the file.</summary>
    private void FollowRegister(DestinationHandoff decided)
    {
        if (Disk.RegisterOf(Destination.Records.Attempt) is (FileValue.Run or FileValue.Refused) and var stored
            && VmRecords.WithRegister(Destination.Records, stored, decided.Records.GuestWasRunning) is var followed && followed != Destination.Records)
        {
            World.Coverage.Saw("a register's file was ahead of the store");
            Destination = stored == FileValue.Run
                ? Destination with { Records = followed, SetRunInThisLife = true, View = null }
                : Destination with { Records = followed, View = decided.View };
        }
    }

    /// <summary>The register's file first, since that is the decision; the store after it. A crash or a full disk between the two leaves a decision that the store does not know.</summary>
    private void Decide(IReadOnlyList<DestinationEvent> events, Action then, Action? failed)
    {
        if (ChangeOf(events) is not { } change)
        {
            then();
            return;
        }

        if (events.Any(e => e is DestinationEvent.RunSet { GuestWasRunning: false }))
        {
            Write(disk => disk with { PausedRelease = change.Attempt }, () => Set(change, then, failed), failed);
            return;
        }

        Set(change, then, failed);
    }

    private void Set(RegisterChange change, Action then, Action? failed)
    {
        int life = Agent.Life;
        Func<Disk, Disk> set = disk => disk.With(change);
        _writing = set;
        World.Agenda.After(World.Agenda.NowMicros < Agent.DiskSlowUntilMicros ? Dice.Between(50_000, 2_000_000) : Dice.Between(60, Dice.Chance(0.05) ? 20_000 : 2_000), () =>
        {
            if (Agent.Life != life || _writing != set)
            {
                return;
            }

            // One that exists is written in its place and needs no space; a new one does.
            bool hasSpace = change.Value != FileValue.Empty || World.Agenda.NowMicros >= Agent.DiskFullUntilMicros;
            if (hasSpace)
            {
                Disk = set(Disk);
                World.Watch.Stored(this);
            }

            Agent.After(Dice.Between(5, 100), () =>
            {
                _writing = null;
                FileValue stored = Disk.RegisterOf(change.Attempt);
                if (stored == change.Value)
                {
                    then();
                }
                else
                {
                    if (stored is FileValue.Run or FileValue.Refused)
                    {
                        // Decided before, and the state does not know it: it follows.
                        World.Coverage.Saw("a register had been decided otherwise");
                        bool wasRunning = Destination.ReleasedGuestWasRunning || !Destination.ReleasedNoted;
                        Destination = Destination with { Records = VmRecords.WithRegister(Destination.Records, stored, wasRunning), View = null };
                    }

                    // Either way the input counts as not received.
                    failed?.Invoke();
                    Agent.After(500_000, () => Post(() => { }));
                }

                if (_writing is null)
                {
                    Ended();
                    Pump();
                }
            });
        });
    }

    private RegisterChange? ChangeOf(IReadOnlyList<DestinationEvent> events)
    {
        DestinationHandoff state = Destination;
        RegisterChange? change = null;
        foreach (DestinationEvent happened in events)
        {
            DestinationHandoff next = World.Rules.Apply(state, happened);
            change = happened switch
            {
                DestinationEvent.RegisterOpened e => new RegisterChange(e.Attempt, FileValue.Empty, Withdraws: false),
                DestinationEvent.RunSet e => new RegisterChange(e.Attempt, FileValue.Run, Withdraws: false),
                DestinationEvent.RefusedSet when state.Records.Register == RegisterValue.Empty && next.Records.Register == RegisterValue.Refused && state.Records.Attempt > AttemptNo.None =>
                    new RegisterChange(state.Records.Attempt, FileValue.Refused, Withdraws: false),
                DestinationEvent.RunWithdrawn e => new RegisterChange(e.Attempt, FileValue.Refused, Withdraws: true),
                _ => change,
            };
            state = next;
        }

        return change;
    }

    /// <summary>Nothing waits for it: the guest has its <c>cont</c> first. What cannot be written then comes with the next record.</summary>
    private void CopyLater(DestinationRecords records)
    {
        _copy = records;
        Agent.After(Dice.Between(100, World.Agenda.NowMicros < Agent.DiskSlowUntilMicros ? 2_000_000 : 20_000), () =>
        {
            if (!ReferenceEquals(_copy, records))
            {
                return;
            }

            _copy = null;
            if (World.Agenda.NowMicros >= Agent.DiskFullUntilMicros)
            {
                Disk = Disk with { Copied = records };
                World.Watch.Stored(this);
            }
        });
    }
}
