using Coordinator.Chaos.Laboratory;
using Coordinator.History;

namespace Coordinator.Chaos.Faults;

/// <summary>Another process holds the journal's right to write.</summary>
internal sealed class StuckDatabase(Action<HistoryRecord> note, ChaosLab lab, TimeSpan lasts) : Fault(note)
{
    private HeldJournal? _held;

    public override TimeSpan Lasts => lasts;

    public override Task BeginAsync()
    {
        _held = new HeldJournal(lab.JournalFile);
        Begins(Party.Database("journal"), FaultKind.Stopped);
        return Task.CompletedTask;
    }

    public override Task EndAsync()
    {
        _held?.Dispose();
        _held = null;
        Ends(Party.Database("journal"), FaultKind.Stopped);
        return Task.CompletedTask;
    }
}
