using System.Text.Json;

namespace Coordinator.Qmp;

/// <summary>An event of QEMU. Events are never replayed: after a reconnect the state has to be queried again.</summary>
/// <param name="Name">As QEMU writes it, for example <c>MIGRATION</c>.</param>
/// <param name="Data">An empty object when the event carries none.</param>
/// <param name="Timestamp">QEMU's host clock with microseconds, unless <see cref="IsTimestampLocal"/>.</param>
public sealed record QmpEvent(string Name, JsonElement Data, DateTimeOffset Timestamp)
{
    /// <summary>QEMU could not read its clock (it then sends -1, docs/interop/qmp-spec); the timestamp is the time of arrival here.</summary>
    public bool IsTimestampLocal { get; init; }
}
