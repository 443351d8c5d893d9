using Coordinator.Domain;
using Coordinator.History;

namespace Coordinator.Cli.Chaos;

/// <summary>Whom a planned fault befalls, in the histories' words: a guest that stands still is excused while the only process that may act is away.</summary>
internal static class StruckParty
{
    public static readonly IReadOnlyList<string> Words = ["source-agent", "destination-agent", "source-host", "destination-host", "agents", "links", "coordinator", "database"];

    public const string Allowed = "source-agent, destination-agent, source-host, destination-host, agents, links (between the two hosts), 'coordinator NAME', database";

    public static IEnumerable<Party> Of(string? hits, HostName source, HostName destination) => hits?.Split(' ', 2) switch
    {
        null => [],
        ["source-agent", ..] => [Party.Agent(source)],
        ["destination-agent", ..] => [Party.Agent(destination)],
        ["source-host", ..] => [Party.Host(source)],
        ["destination-host", ..] => [Party.Host(destination)],
        ["agents", ..] => [Party.Agent(source), Party.Agent(destination)],
        ["links", ..] => [Party.AgentLink(source, destination), Party.MigrationStream(source, destination)],
        ["coordinator", var name] => [Party.Coordinator(name)],
        ["coordinator"] => [Party.Coordinator("coordinator")],
        ["database", ..] => [Party.Database("journal")],
        var other => throw new InvalidOperationException($"unknown party {string.Join(' ', other)}"),
    };
}
