using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Migrations;

/// <summary>The newest report of one host, as it came and as evidence.</summary>
internal sealed record HostView(VmReport Raw, HostReport Evidence, ReportedRings Rings, TimeSpan ReceivedAt);

/// <summary>
/// The newest report of each host. An older one is dropped: it may have been overtaken on its way through another node.
/// </summary>
internal sealed class HostViews
{
    private readonly Dictionary<HostName, Entry> _entries = [];

    /// <summary>The greatest epoch that any agent has named, reports and refusals alike.</summary>
    public Epoch GreatestFloor { get; private set; }

    public IEnumerable<HostView> All => _entries.Values.Select(e => e.View);

    public HostView? Of(HostName? host) => host is not null && _entries.TryGetValue(host, out Entry? entry) ? entry.View : null;

    /// <summary>Empty until the host has reported.</summary>
    public Guid LifeOf(HostName host) => _entries.TryGetValue(host, out Entry? entry) ? entry.Life : Guid.Empty;

    public void NoteFloor(Epoch floor) => GreatestFloor = Epoch.Max(GreatestFloor, floor);

    /// <returns>Null when the report is older than what is known.</returns>
    /// <exception cref="InvalidValueException">The report cannot be understood; nothing was changed.</exception>
    public HostView? Accept(HostName host, VmReport report, TimeSpan now)
    {
        Guid life = WireIds.Read("agent_life", report.AgentLife);
        if (_entries.TryGetValue(host, out Entry? known) && ReportOrder.IsOld(life == known.Life, report.Sequence, known.View.Raw.Sequence, now - known.View.ReceivedAt))
        {
            return null;
        }

        HostView view = new(report, ReportReading.Read(host, report), ReportReading.Rings(report), now);
        _entries[host] = new Entry(life, view);
        NoteFloor(view.Evidence.Floor.Epoch);
        return view;
    }

    private sealed record Entry(Guid Life, HostView View);
}
