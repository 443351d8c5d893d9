using System.Text.Json;

namespace Coordinator.Qmp.Schema;

/// <summary>The reply of <c>query-status</c>.</summary>
/// <param name="Status">
/// QEMU's word, kept as it is since versions add words: running, paused, prelaunch, inmigrate, finish-migrate, postmigrate, ...
/// </param>
/// <param name="IsRunning">Whether vCPUs execute.</param>
public sealed record RunStatus(string Status, bool IsRunning)
{
    public static RunStatus Parse(JsonElement reply)
    {
        var fields = SchemaFields.Of(reply, "query-status");
        return new RunStatus(fields.Text("status"), fields.Flag("running"));
    }
}
