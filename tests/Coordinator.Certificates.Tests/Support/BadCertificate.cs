namespace Coordinator.Certificates.Tests.Support;

public enum BadCertificate
{
    Expired,
    NotYetValid,
    WrongAuthority,

    /// <summary>A good certificate of another party of the same role.</summary>
    Swapped,
    WrongRole,
    Revoked,
    None,
    PlainTcp,
}
