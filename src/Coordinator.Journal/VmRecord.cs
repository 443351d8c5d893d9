using Coordinator.Domain.Migration;

namespace Coordinator.Journal;

/// <summary>
/// One event as it is journalled: the domain's event, which has no clock, with the wall-clock time (whole microseconds, UTC) and the node of the
/// incarnation that wrote it.
/// Time and node are for timelines and audit; no decision reads them.
/// </summary>
public sealed record VmRecord(VmEvent Event, DateTimeOffset At, string Node);
