using Coordinator.AgentProtocol;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

/// <summary>
/// What one QEMU tells its session. One message carries an event together with what is known because of it, so that the session needs one step for it.
/// </summary>
/// <param name="From">Who.</param>
/// <param name="Event">What happened, with QEMU's own time; null when this was asked for.</param>
/// <param name="Sight">What is known now; null when the event says nothing of it.</param>
/// <param name="HasExited">Proven by its pidfd, never by a closed socket.</param>
/// <param name="Generation">Of a question: what was newest at <see cref="QemuInstance.Generation"/> when it was asked. Null for events, which are never out of date.</param>
/// <param name="Loaded">Rings of a destination that has just loaded, read before anything else happened to it.</param>
/// <param name="Sequence">Of the sight, among all that was seen of this QEMU.</param>
internal sealed record QemuNews(QemuInstance From, GuestEvent? Event = null, QemuSight? Sight = null, bool HasExited = false, int? Generation = null, FinalReading? Loaded = null, long Sequence = 0);

/// <summary>Rings of a VM that stands still and holds its state.</summary>
/// <param name="Devices">By path.</param>
/// <param name="ReadMicros">When the last reply was there, by this host's clock.</param>
internal sealed record FinalReading(IReadOnlyList<DeviceReading> Devices, long ReadMicros);
