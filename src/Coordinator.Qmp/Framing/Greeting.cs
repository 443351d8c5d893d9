using System.Text.Json;
using Coordinator.Qmp.Schema;

namespace Coordinator.Qmp.Framing;

sealed record Greeting(QmpVersion Version, bool OffersOutOfBand)
{
    public static Greeting Parse(JsonElement message)
    {
        var fields = SchemaFields.Of(message, "the greeting").Object("QMP");
        return new Greeting(
            QmpVersion.Parse(fields.Element("version")),
            fields.TextsOrNull("capabilities")?.Contains("oob", StringComparer.Ordinal) ?? false);
    }
}
