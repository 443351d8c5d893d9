using System.Security.Authentication;

namespace Coordinator.Certificates.Verification;

/// <summary>This side has refused the peer's certificate. The message is the sentence for people.</summary>
public sealed class PeerRefusedException(string message, Exception? inner = null) : AuthenticationException(message, inner)
{
    /// <summary>The sentence, however deep HTTP and gRPC have wrapped it; null when the failure was another one.</summary>
    public static string? In(Exception? failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is PeerRefusedException or PeerClosedException)
            {
                return cause.Message;
            }
        }

        return null;
    }
}

/// <summary>The other side has ended the link in or right after the handshake: most likely it has refused our certificate, and its log says why.</summary>
public sealed class PeerClosedException(string message, Exception? inner = null) : IOException(message, inner);
