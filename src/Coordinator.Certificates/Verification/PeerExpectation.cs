using Coordinator.Certificates.Identity;

namespace Coordinator.Certificates.Verification;

/// <summary>Who may be at the other end of a link.</summary>
/// <param name="Roles">Any of these.</param>
/// <param name="Name">Exactly this one; null for any of the role.</param>
/// <param name="Address">What was dialled, a DNS name or an IP address that the certificate must name; null where the identity itself is the proof.</param>
public sealed record PeerExpectation(IReadOnlyList<PartyRole> Roles, string? Name = null, string? Address = null)
{
    /// <summary>Anybody of ours: what they may do is judged where it is asked for, and answered in words.</summary>
    public static readonly PeerExpectation Anyone = new([PartyRole.Agent, PartyRole.Node, PartyRole.Client]);

    /// <param name="address">As dialled, without a port.</param>
    public static PeerExpectation NodeAt(string address) => new([PartyRole.Node], Address: address.Trim('[', ']'));

    public static PeerExpectation AgentOf(string host) => new([PartyRole.Agent], host);

    public string RolesText => string.Join(" or ", Roles.Select(PartyIdentity.Word));
}
