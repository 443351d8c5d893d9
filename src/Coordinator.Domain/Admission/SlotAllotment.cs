namespace Coordinator.Domain.Admission;

/// <summary>
/// Gives slots to wishes; pure, from nothing but who holds what and who wants what, so that it can be rebuilt anywhere at any time. Rules:
/// <list type="bullet">
/// <item>a greater priority goes first; what it waits for does not hold up others that need something else;</item>
/// <item>among equals the source host with the fewest streams goes next, so that emptying one large host does not hold up every other; of one host, the oldest request;</item>
/// <item>who waits for bandwidth keeps the link: nobody behind it may take what becomes free there, or narrow ones would starve wide ones;</item>
/// <item>a policy that wants more than the whole link gets the whole link.</item>
/// </list>
/// </summary>
public static class SlotAllotment
{
    public static SlotRound Allot(
        IReadOnlyCollection<SlotWish> holding, IReadOnlyCollection<SlotWish> waiting, Func<HostName, HostLimits> limitsOf, FleetLimits fleet)
    {
        SlotLedger ledger = new(limitsOf, fleet);
        foreach (SlotWish held in holding)
        {
            ledger.Take(held);
        }

        List<SlotWish> granted = [];
        List<(SlotWish Wish, SlotShortage Shortage)> refused = [];
        foreach (IGrouping<Policies.MigrationPriority, SlotWish> equals in waiting.GroupBy(w => w.Priority).OrderByDescending(g => g.Key))
        {
            Serve(equals, ledger, granted, refused);
        }

        return new SlotRound(granted, Explain(refused, ledger));
    }

    /// <summary>Streams of a host only grow within a round, so a host goes back into the line with its new number and never needs to be found in it.</summary>
    private static void Serve(IEnumerable<SlotWish> equals, SlotLedger ledger, List<SlotWish> granted, List<(SlotWish Wish, SlotShortage Shortage)> refused)
    {
        PriorityQueue<Queue<SlotWish>, Turn> line = new();
        foreach (IGrouping<HostName, SlotWish> host in equals.GroupBy(w => w.Source))
        {
            Enqueue(line, new Queue<SlotWish>(host.OrderBy(w => w.AskedAtUnixMs).ThenBy(w => w.Vm.Value, StringComparer.Ordinal)), ledger);
        }

        while (line.TryDequeue(out Queue<SlotWish>? host, out _))
        {
            SlotWish next = host.Dequeue();
            if (ledger.ShortageOf(next) is { } shortage)
            {
                ledger.Keep(next, shortage);
                refused.Add((next, shortage));
            }
            else
            {
                ledger.Take(next);
                granted.Add(next);
            }

            if (host.Count > 0)
            {
                Enqueue(line, host, ledger);
            }
        }
    }

    private static void Enqueue(PriorityQueue<Queue<SlotWish>, Turn> line, Queue<SlotWish> host, SlotLedger ledger)
    {
        SlotWish next = host.Peek();
        line.Enqueue(host, new Turn(ledger.Outgoing(next.Source), next.AskedAtUnixMs, next.Source.Value));
    }

    private static List<SlotWait> Explain(List<(SlotWish Wish, SlotShortage Shortage)> refused, SlotLedger ledger)
    {
        List<SlotWait> waits = [];
        int before = 0;
        foreach (IGrouping<Policies.MigrationPriority, (SlotWish Wish, SlotShortage Shortage)> equals in refused.GroupBy(r => r.Wish.Priority))
        {
            foreach ((SlotWish wish, SlotShortage shortage) in equals.OrderBy(r => r.Wish.AskedAtUnixMs).ThenBy(r => r.Wish.Vm.Value, StringComparer.Ordinal))
            {
                waits.Add(new SlotWait(wish, shortage, ledger.Explain(wish, shortage), before++));
            }
        }

        return waits;
    }

    private readonly record struct Turn(int Streams, long AskedAt, string Host) : IComparable<Turn>
    {
        public int CompareTo(Turn other) =>
            Streams != other.Streams ? Streams.CompareTo(other.Streams)
            : AskedAt != other.AskedAt ? AskedAt.CompareTo(other.AskedAt)
            : string.CompareOrdinal(Host, other.Host);
    }
}
