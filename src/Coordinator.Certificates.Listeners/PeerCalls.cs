using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Grpc.Core;

namespace Coordinator.Certificates.Listeners;

/// <summary>Who makes a gRPC call, by the certificate of its link.</summary>
public static class PeerCalls
{
    /// <returns>Null on a listener without TLS, which is on loopback.</returns>
    public static PartyIdentity? Caller(this ServerCallContext call) => Link(call)?.Peer?.Identity;

    /// <summary>Does nothing on a listener without TLS.</summary>
    /// <param name="call">Whose.</param>
    /// <param name="certificates">Logs the refusal; null without TLS.</param>
    /// <param name="expected">Who may make it.</param>
    /// <exception cref="RpcException">PERMISSION_DENIED with a sentence that names the certificate.</exception>
    public static void Require(this ServerCallContext call, LinkCertificates? certificates, PeerExpectation expected)
    {
        if (Link(call)?.Peer is { } peer && PeerVerification.IdentityProblem(peer.Certificate, expected) is { } problem)
        {
            string refusal = $"{CertificateText.Of(peer.Certificate)} is refused: {problem}";
            certificates?.Refused($"{call.Method} from {call.Peer}", refusal);
            throw new RpcException(new Status(StatusCode.PermissionDenied, refusal));
        }
    }

    private static IncomingLink? Link(ServerCallContext call) => call.GetHttpContext().Features.Get<IncomingLink>();
}
