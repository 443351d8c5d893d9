using System.Text.Json;
using Coordinator.Qmp.Framing;

namespace Coordinator.Qmp.Schema;

/// <summary>One entry of <c>x-query-virtio</c>.</summary>
/// <param name="Name">The kind, for example <c>virtio-net</c>; not unique.</param>
/// <param name="Path">
/// The QOM path that names the device in the other commands. Stable across hosts only for a device with <c>id=</c>:
/// <c>/machine/peripheral/ID/virtio-backend</c>; others are counted under <c>/machine/peripheral-anon</c>.
/// </param>
public sealed record VirtioDevice(string Name, string Path)
{
    const string NoneFound = "No virtio devices found";

    public static IReadOnlyList<VirtioDevice> ParseList(JsonElement reply)
    {
        if (reply.ValueKind != JsonValueKind.Array)
            throw ProtocolViolation.Of("x-query-virtio must return an array", reply);
        var devices = new List<VirtioDevice>(reply.GetArrayLength());
        foreach (var item in reply.EnumerateArray())
        {
            var fields = SchemaFields.Of(item, "x-query-virtio");
            devices.Add(new VirtioDevice(fields.Text("name"), fields.Text("path")));
        }
        return devices;
    }

    /// <summary>
    /// A machine without virtio devices: 7.2 returns an empty list, 10.0 a GenericError with this text (measured; hw/virtio/virtio-qmp.c),
    /// which nothing but the text tells from others.
    /// </summary>
    internal static bool IsNoneFound(QmpError error) => error.Description == NoneFound;
}
