namespace Coordinator.Cli.Rendering;

/// <summary>Nodes as people name them.</summary>
internal static class NodeText
{
    const int CommitDigits = 8;

    /// <summary>Akka's name of a node is akka.tcp://SYSTEM@HOST:PORT; the address is what tells nodes apart.</summary>
    public static string AddressOf(string node) => node[(node.LastIndexOf('@') + 1)..];

    /// <summary>Builds carry the whole commit after a plus sign; eight digits tell them apart.</summary>
    public static string ShortVersion(string version)
    {
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 || version.Length <= plus + 1 + CommitDigits ? version : version[..(plus + 1 + CommitDigits)];
    }
}
