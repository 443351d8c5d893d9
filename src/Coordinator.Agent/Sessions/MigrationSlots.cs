using System.Globalization;
using Coordinator.Domain;
using Coordinator.Domain.Admission;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// How many streams go from and to this host, and how many may. Enforced here, since nobody else can be sure of it: coordinators overlap, forget and are late. A VM occupies a slot as long as its stream
/// may be under way; until a restarted agent has seen its QEMU, what was recorded counts.
/// </summary>
internal sealed class MigrationSlots(HostLimits limits)
{
    private readonly Lock _gate = new();
    private readonly SortedSet<string> _outgoing = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _incoming = new(StringComparer.Ordinal);

    /// <returns>Null: the slot is this VM's, or was already. Else why not, in one sentence.</returns>
    public string? TakeOutgoing(string vm) => Take(_outgoing, vm, limits.Outgoing, "sends", "limits.outgoing", "sending");

    /// <inheritdoc cref="TakeOutgoing"/>
    public string? TakeIncoming(string vm) => Take(_incoming, vm, limits.Incoming, "takes", "limits.incoming", "taking");

    public void Show(string vm, SourceHandoff source) => Show(_outgoing, vm, source.Stage switch
    {
        SourceStage.NotObserved => null,
        SourceStage.Copying or SourceStage.Switching => true,
        _ => false,
    });

    public void Show(string vm, DestinationHandoff destination) => Show(_incoming, vm, destination.Stage switch
    {
        DestinationStage.NotObserved => null,
        DestinationStage.Receiving => true,
        _ => false,
    });

    /// <summary>What an earlier life of the agent has left on disk.</summary>
    public void Recall(string vm, SourceRecords source, DestinationRecords destination)
    {
        Show(_outgoing, vm, source.Started > AttemptNo.Max(source.Completed, source.Refused));
        Show(_incoming, vm, destination.Attempt > AttemptNo.Max(destination.RefusedUpTo, destination.Running) && destination.Register == RegisterValue.Empty);
    }

    private void Show(SortedSet<string> slots, string vm, bool? occupied)
    {
        lock (_gate)
        {
            if (occupied == true)
            {
                slots.Add(vm);
            }
            else if (occupied == false)
            {
                slots.Remove(vm);
            }
        }
    }

    private string? Take(SortedSet<string> slots, string vm, int limit, string does, string setting, string doing)
    {
        lock (_gate)
        {
            if (slots.Contains(vm))
            {
                return null;
            }

            if (slots.Count >= limit)
            {
                return string.Create(CultureInfo.InvariantCulture, $"this host {does} {limit} {(limit == 1 ? "guest" : "guests")} at a time ({setting}) and is {doing} {string.Join(", ", slots)}");
            }

            slots.Add(vm);
            return null;
        }
    }
}
