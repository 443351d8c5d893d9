using Coordinator.Certificates.Verification;

namespace Coordinator.Certificates.Listeners;

/// <summary>A feature of every connection that came in over TLS: who is at its other end.</summary>
internal sealed class IncomingLink
{
    public PresentedPeer? Peer { get; set; }

    public string? Refusal { get; set; }

    public bool IsEstablished { get; set; }
}
