using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;

namespace Coordinator.Search;

public sealed partial class Moves
{
    private static readonly SignedWord s_word = new("ann", "looked");

    /// <summary>A person says only what is true: a host is off when it is lost for ever. What the evidence allows may be chosen, wise or not.</summary>
    private void PersonMoves(World world, int slot, VmEntity entity, Found found)
    {
        foreach ((Happened lost, HostName host) in (ReadOnlySpan<(Happened, HostName)>)[(Happened.SourceHostLost, SourceHost), (Happened.DestinationHostLost, DestinationHost)])
        {
            if (world.Happened.HasFlag(lost) && entity.State.Migration is { } about)
            {
                Say(world, slot, entity, new VmCommand.ProveHostOff(new RequestId($"off-{host}-{about.Attempt}"), about.Attempt, host, Connected: false, s_word), $"a person proves the {host} host off", found);
            }
        }

        if (entity.State.Migration is not { Phase: MigrationPhase.InDoubt, Resolution: null } m)
        {
            return;
        }

        SourceRecords disk = Sources[world.Source].Handoff.Records;
        ReleaseRecord? record = disk.Completed >= m.Attempt ? new ReleaseRecord(disk.Started, disk.DestinationStore, "") : null;
        foreach (DoubtChoice choice in Enum.GetValues<DoubtChoice>())
        {
            DoubtResolution resolution = new(choice, s_word, ["none"], choice == DoubtChoice.ReleaseFromRecord ? record : null);
            Say(world, slot, entity, new VmCommand.Resolve(new RequestId($"{choice}-{m.Attempt}"), m.Attempt, resolution), $"a person chooses {choice}", found);
        }
    }

    private void Say(World world, int slot, VmEntity entity, VmCommand command, string name, Found found)
    {
        Decision<VmReply, VmEvent> decision = _rules.Decide(entity, command);
        if (!decision.Events.IsEmpty)
        {
            Persist(world, slot, entity, decision.Events, name, isFault: false, found);
        }
    }
}
