using System.Text.Json.Serialization;

namespace Coordinator.LabPeer;

/// <summary>
/// The peer's conversation with whoever started it: options as the only argument (JSON), then one word per line on standard input
/// (<c>report</c>, <c>stop</c>) and one JSON object per line on standard output. End of input stops it too, so a peer never outlives a crashed parent.
/// </summary>
public sealed record PeerMessage(string Kind, PeerReport? Report = null, string? Error = null)
{
    public const string Ready = "ready";
    public const string Reported = "report";
    public const string Failed = "error";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PeerMessage))]
[JsonSerializable(typeof(PeerOptions))]
public sealed partial class PeerJson : JsonSerializerContext;
