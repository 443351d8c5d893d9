namespace Coordinator.Certificates.Identity;

/// <summary>What a certificate lets its holder be. No role includes another, but for what a listener says it takes.</summary>
public enum PartyRole
{
    /// <summary>The agent of one host; the name is the host's id.</summary>
    Agent,

    /// <summary>A coordinator.</summary>
    Node,

    /// <summary>A person or control plane that uses the coordinators' API.</summary>
    Client,
}
