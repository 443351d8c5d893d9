using Coordinator.History;

namespace Coordinator.Chaos.Faults;

/// <summary>Some of the links between parts no longer do what a wire does.</summary>
internal sealed class BrokenLinks(Action<HistoryRecord> note, LinkMode mode, TimeSpan lasts, params IReadOnlyList<(TcpLink Link, Party Party)> links) : Fault(note)
{
    public override TimeSpan Lasts => lasts;

    public override Task BeginAsync()
    {
        foreach ((TcpLink link, Party party) in links)
        {
            Begins(party, FaultKind.Cut);
            link.Mode = mode;
        }

        return Task.CompletedTask;
    }

    public override Task EndAsync()
    {
        foreach ((TcpLink link, Party party) in links)
        {
            Ends(party, FaultKind.Cut);
            link.Mode = LinkMode.Pass;
        }

        return Task.CompletedTask;
    }
}
