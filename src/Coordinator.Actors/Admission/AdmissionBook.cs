using System.Globalization;
using Akka.Actor;
using Coordinator.Actors.Views;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Admission;

namespace Coordinator.Actors.Admission;

/// <summary>What the queue knows: who holds a slot, who wants one, and which desk says so. Times are those of a monotonic clock.</summary>
internal sealed class AdmissionBook(TimeSpan claimsKeptFor)
{
    /// <summary>An entity takes what it is given within milliseconds; one that does not is restarting, and asks again.</summary>
    private static readonly TimeSpan s_grantKeptFor = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan s_sayAgainAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<Guid, Desk> _desks = [];
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);

    internal int Waiting => _lines.Values.Count(l => !l.Entry.Holds && l.LostAt is null);

    internal IEnumerable<string> NodesHeard => _desks.Values.Where(d => d.IsWhole).Select(d => d.Node);

    /// <returns>False: something is missing, and the desk is to report everything.</returns>
    internal bool Take(AdmissionReport report, IActorRef desk, TimeSpan now)
    {
        if (!_desks.TryGetValue(report.Desk, out Desk? known))
        {
            if (!report.Whole)
            {
                return false;
            }

            // A desk that begins anew on the same node: its forerunner is dead.
            foreach (Guid dead in _desks.Where(d => d.Value.Node == report.Node).Select(d => d.Key).ToList())
            {
                Lose(dead, now);
            }

            _desks[report.Desk] = known = new Desk(report.Node, desk);
        }
        else if (!report.Whole && report.Number != known.Number + 1)
        {
            known.IsWhole = false;
            return false;
        }

        known.Number = report.Number;
        if (report.Whole)
        {
            foreach (Line line in _lines.Values.Where(l => l.Desk == report.Desk))
            {
                line.IsVoid = true;
            }
        }

        foreach (SlotEntry entry in report.Entries)
        {
            Note(entry, report.Desk);
        }

        foreach (string vm in report.Gone)
        {
            if (_lines.TryGetValue(vm, out Line? line) && line.Desk == report.Desk)
            {
                _lines.Remove(vm);
            }
        }

        known.IsWhole = !report.More;
        if (known.IsWhole)
        {
            Remove(l => l.IsVoid && l.Desk == report.Desk);
        }

        return true;
    }

    /// <summary>The node is gone: its wishes with it, its claims not yet.</summary>
    internal void LoseNode(string node, TimeSpan now)
    {
        foreach (Guid desk in _desks.Where(d => d.Value.Node == node).Select(d => d.Key).ToList())
        {
            Lose(desk, now);
        }
    }

    /// <returns>Orders by desk, and how many wait for what.</returns>
    internal (IReadOnlyList<(IActorRef Desk, AdmissionOrders Orders)> Orders, IReadOnlyList<SlotWait> Waits) Decide(
        Func<HostName, HostLimits> limitsOf, FleetLimits fleet, TimeSpan now)
    {
        Remove(l => l.LostAt is { } lost && now - lost >= claimsKeptFor);
        foreach (Line late in _lines.Values.Where(l => l.GrantedAt is { } granted && now - granted >= s_grantKeptFor))
        {
            late.GrantedAt = null;
        }

        ILookup<bool, Line> byHolding = _lines.Values.ToLookup(l => l.Entry.Holds || l.GrantedAt is not null);
        SlotRound round = SlotAllotment.Allot([.. byHolding[true].Select(l => l.Wish)], [.. byHolding[false].Where(l => l.LostAt is null).Select(l => l.Wish)], limitsOf, fleet);
        foreach (SlotWish granted in round.Granted)
        {
            _lines[granted.Vm.Value].GrantedAt = now;
        }

        return (Orders(round, now), round.Waiting);
    }

    private List<(IActorRef Desk, AdmissionOrders Orders)> Orders(SlotRound round, TimeSpan now)
    {
        Dictionary<Guid, (List<SlotGrant> Granted, List<SlotWaiting> Waiting)> byDesk = [];
        foreach (Line line in _lines.Values.Where(l => l is { Entry.Holds: false, GrantedAt: not null } && (l.SaidAt is not { } said || now - said >= s_sayAgainAfter)))
        {
            line.SaidAt = now;
            line.Told = "";
            Of(line.Desk).Granted.Add(new SlotGrant(line.Entry.Vm, line.Entry.Migration, line.Entry.Attempt));
        }

        foreach (SlotWait wait in round.Waiting)
        {
            Line line = _lines[wait.Wish.Vm.Value];
            string sentence = $"{wait.Sentence}; {Before(wait.Before)}";
            if (line.Told != sentence)
            {
                line.Told = sentence;
                Of(line.Desk).Waiting.Add(new SlotWaiting(line.Entry.Vm, line.Entry.Migration, sentence));
            }
        }

        return [.. byDesk.Where(d => _desks.ContainsKey(d.Key)).Select(d => (_desks[d.Key].Actor, new AdmissionOrders(d.Key, [.. d.Value.Granted], [.. d.Value.Waiting])))];

        (List<SlotGrant> Granted, List<SlotWaiting> Waiting) Of(Guid desk)
        {
            if (!byDesk.TryGetValue(desk, out (List<SlotGrant>, List<SlotWaiting>) lists))
            {
                byDesk[desk] = lists = ([], []);
            }

            return lists;
        }
    }

    /// <summary>Exact where a person waits for it, and else so that the sentence of the thousandth does not change with each that goes.</summary>
    private static string Before(int count) => count switch
    {
        0 => "it is next",
        1 => "1 is before it",
        <= 20 => string.Create(CultureInfo.InvariantCulture, $"{count} are before it"),
        _ => string.Create(CultureInfo.InvariantCulture, $"about {Math.Floor(count / Math.Pow(10, Math.Floor(Math.Log10(count)))) * Math.Pow(10, Math.Floor(Math.Log10(count)))} are before it"),
    };

    private void Note(SlotEntry entry, Guid desk)
    {
        if (_lines.TryGetValue(entry.Vm, out Line? line) && line.Entry == entry && line.Desk == desk)
        {
            line.IsVoid = false;
            return;
        }

        // A wish that only moved to another node keeps what it was given.
        bool same = line is not null && !entry.Holds && line.Entry.Migration == entry.Migration && line.Entry.Attempt == entry.Attempt;
        _lines[entry.Vm] = new Line(entry, desk) { GrantedAt = same ? line!.GrantedAt : null };
    }

    private void Lose(Guid desk, TimeSpan now)
    {
        _desks.Remove(desk);
        Remove(l => l.Desk == desk && l is { Entry.Holds: false, GrantedAt: null });
        foreach (Line line in _lines.Values.Where(l => l.Desk == desk && l.LostAt is null))
        {
            line.LostAt = now;
        }
    }

    private void Remove(Func<Line, bool> which)
    {
        foreach (string vm in _lines.Where(l => which(l.Value)).Select(l => l.Key).ToList())
        {
            _lines.Remove(vm);
        }
    }

    private sealed class Desk(string node, IActorRef actor)
    {
        internal string Node { get; } = node;

        internal IActorRef Actor { get; } = actor;

        internal long Number { get; set; }

        internal bool IsWhole { get; set; }
    }

    private sealed class Line(SlotEntry entry, Guid desk)
    {
        internal SlotEntry Entry { get; } = entry;

        internal Guid Desk { get; } = desk;

        internal SlotWish Wish { get; } = new(
            new VmName(entry.Vm), entry.Migration, entry.Attempt, new HostName(entry.Source), new HostName(entry.Destination),
            PolicyText.ReadPriority(entry.Priority), entry.BandwidthBytesPerSec, entry.AskedAtUnixMs);

        internal TimeSpan? GrantedAt { get; set; }

        internal TimeSpan? SaidAt { get; set; }

        internal TimeSpan? LostAt { get; set; }

        internal string Told { get; set; } = "";

        internal bool IsVoid { get; set; }
    }
}
