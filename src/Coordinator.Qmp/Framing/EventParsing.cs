using System.Text.Json;
using Coordinator.Qmp.Schema;

namespace Coordinator.Qmp.Framing;

static class EventParsing
{
    const long MaxUnixSeconds = 253_402_300_799;

    static readonly JsonElement NoData = JsonElement.Parse("{}"u8);

    public static QmpEvent Parse(JsonElement message, TimeProvider clock)
    {
        var fields = SchemaFields.Of(message, "an event");
        var name = fields.Text("event");
        var data = fields.ObjectOrNull("data")?.Source ?? NoData;
        var timestamp = fields.Object("timestamp");
        var seconds = timestamp.Signed("seconds", -1, MaxUnixSeconds);
        var microseconds = timestamp.Signed("microseconds", -1, 999_999);
        if (seconds < 0 || microseconds < 0)
            return new QmpEvent(name, data, clock.GetUtcNow()) { IsTimestampLocal = true };
        return new QmpEvent(name, data, DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(microseconds * TimeSpan.TicksPerMicrosecond));
    }
}
