using Coordinator.History;
using Coordinator.Lab;

namespace Coordinator.Chaos.Faults;

/// <summary>Not one byte more can be written on these disks.</summary>
internal sealed class FullDisks(Action<HistoryRecord> note, IReadOnlyList<SmallDisk> disks, IReadOnlyList<Party> parties, TimeSpan lasts) : Fault(note)
{
    public override TimeSpan Lasts => lasts;

    public override Task BeginAsync()
    {
        foreach (SmallDisk disk in disks)
        {
            disk.Fill();
        }

        foreach (Party party in parties)
        {
            Begins(party, FaultKind.Stopped);
        }

        return Task.CompletedTask;
    }

    public override Task EndAsync()
    {
        foreach (SmallDisk disk in disks)
        {
            disk.Empty();
        }

        foreach (Party party in parties)
        {
            Ends(party, FaultKind.Stopped);
        }

        return Task.CompletedTask;
    }
}
