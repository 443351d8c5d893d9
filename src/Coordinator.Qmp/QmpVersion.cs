using System.Text.Json;
using Coordinator.Qmp.Schema;

namespace Coordinator.Qmp;

/// <param name="Package">The distributor's version; empty for a plain build.</param>
public sealed record QmpVersion(int Major, int Minor, int Micro, string Package)
{
    public bool IsAtLeast(int major, int minor) => Major > major || (Major == major && Minor >= minor);

    public override string ToString() => $"{Major}.{Minor}.{Micro}";

    /// <summary>Reads the reply of <c>query-version</c>, which is also the greeting's <c>version</c>.</summary>
    public static QmpVersion Parse(JsonElement reply)
    {
        var fields = SchemaFields.Of(reply, "query-version");
        var qemu = fields.Object("qemu");
        return new QmpVersion(
            (int)qemu.Unsigned("major", int.MaxValue),
            (int)qemu.Unsigned("minor", int.MaxValue),
            (int)qemu.Unsigned("micro", int.MaxValue),
            fields.TextOrNull("package") ?? "");
    }
}
