using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;

namespace Coordinator.Simulation;

/// <summary>
/// Somebody who is called by the alert of a doubt: proves hosts off, and only such as are, and chooses among what the evidence allows, wisely or not. Comes late, once in two
/// schedules never.
/// </summary>
public sealed class Person
{
    /// <summary>Then the person gives up, and the doubt stays.</summary>
    private const int MaxWords = 8;

    private static readonly SignedWord s_word = new("ann", "looked");
    private readonly World _world;
    private readonly Dice _dice;
    private int _words;

    public Person(World world)
    {
        _world = world;
        _dice = Dice.Of(world.Schedule.Seed, 3);
    }

    public void Begin()
    {
        if (_world.Schedule.Person)
        {
            _world.Agenda.After(_dice.Between(1_000_000, 4_000_000), Look);
        }
    }

    private void Look()
    {
        foreach (VirtualMachine vm in _world.Vms)
        {
            if (vm.Journal.State.Migration is { Phase: MigrationPhase.InDoubt, Resolution: null } m && vm.Current is { IsStopped: false, Node.Acts: true } entity)
            {
                Act(vm, m, entity);
            }
        }

        _world.Agenda.After(_dice.Between(1_000_000, 4_000_000), Look);
    }

    private void Act(VirtualMachine vm, MigrationState m, Incarnation entity)
    {
        foreach (HostName host in (ReadOnlySpan<HostName>)[m.Source, m.Destination])
        {
            AgentNode agent = _world.AgentOf(host);
            if (agent.IsLost && !m.IsProvenOff(host))
            {
                entity.Ask(new VmCommand.ProveHostOff(new RequestId($"off-{host}-{m.Attempt}-{_dice.Between(0, 1_000_000)}"), m.Attempt, host, Connected: agent.IsAlive, s_word), _ => { });
            }
        }

        if (++_words > MaxWords)
        {
            return;
        }

        // What a person reads from the disk of the source's host.
        Disk disk = _world.AgentOf(m.Source).Session(vm).Disk;
        ReleaseRecord? record = disk.Final == m.Attempt && disk.Source.Completed >= m.Attempt ? new ReleaseRecord(m.Attempt, disk.Source.DestinationStore, "") : null;
        DoubtChoice choice = _dice.Pick(Enum.GetValues<DoubtChoice>());
        entity.Ask(
            new VmCommand.Resolve(new RequestId($"word-{m.Attempt}-{_words}"), m.Attempt, new DoubtResolution(choice, s_word, ["none"], choice == DoubtChoice.ReleaseFromRecord ? record : null)),
            reply =>
            {
                if (reply.Kind == VmReplyKind.Accepted)
                {
                    _world.Coverage.Saw($"a person chose {choice}");
                }
            });
    }
}
