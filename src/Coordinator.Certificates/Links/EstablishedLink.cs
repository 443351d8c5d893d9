using Coordinator.Certificates.Verification;

namespace Coordinator.Certificates.Links;

internal sealed class EstablishedLink(PresentedPeer peer, PeerExpectation expected, bool isServer, string name, Action<string> close, Action<EstablishedLink> ended) : IDisposable
{
    public PresentedPeer Peer => peer;

    public PeerExpectation Expected => expected;

    public bool IsServer => isServer;

    public string Name => name;

    public void Close(string reason) => close(reason);

    public void Dispose() => ended(this);
}
