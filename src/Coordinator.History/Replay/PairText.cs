using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>A state of the model for people, without what is at its default.</summary>
internal static class PairText
{
    internal static string Of(QemuPair pair) => $"{pair.Traits.Version}: source {Of(pair.Source)}; destination {Of(pair.Destination)}; stream {Of(pair.Stream)}";

    private static string Of(QemuProcess process)
    {
        if (!process.Alive)
        {
            return process.Life.ToString();
        }

        string text = $"{process.Run}/{process.Status}";
        text += process.Phase == SourcePhase.Idle ? "" : $" {process.Phase}";
        text += process.Autostart ? " autostart" : "";
        text += process.Capabilities == QemuCapabilities.None ? "" : $" ({process.Capabilities})";
        return process.Rings == LoadedRings.Equal ? text : $"{text} rings {process.Rings}";
    }

    private static string Of(MigrationStream stream) => stream.Link == StreamLink.None
        ? "none"
        : $"{stream.Link}{(stream.Stalled ? " stalled" : "")}, sent {stream.Sent}, acknowledgement {stream.Acknowledgement}, guest {stream.Guest}";
}
