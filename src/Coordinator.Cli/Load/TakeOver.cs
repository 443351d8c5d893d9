using System.Globalization;
using System.Text;
using Coordinator.Contracts.Api;
using Coordinator.History;

namespace Coordinator.Cli.Load;

/// <summary>A migration whose entity got a new life after the fault.</summary>
/// <param name="ClaimedAfter">From the fault until the new life's first event was in the journal, by the clock of its node.</param>
/// <param name="ObeyedAfter">From the fault until the last of the two agents had obeyed the new epoch, by its own record; null: none ever did.</param>
internal sealed record TakenOver(TimeSpan ClaimedAfter, TimeSpan? ObeyedAfter);

/// <summary>
/// Which migrations were driven again after a fault, and when. "Driven" is when the agents obey the new life of the entity: each notes durably the epoch that it accepts, and from then on takes no orders of
/// the life before. That the journal has the new life's first event alone would say nothing of whether it can act.
/// </summary>
internal sealed class TakeOver
{
    readonly Dictionary<string, List<(long AtMicros, string Host, long Epoch)>> accepted = new(StringComparer.Ordinal);
    readonly long faultMicros;

    TakeOver(long faultMicros) => this.faultMicros = faultMicros;

    /// <param name="directory">Of the agents' histories.</param>
    /// <param name="faultMicros">When the fault's command was begun.</param>
    public static TakeOver Read(string directory, long faultMicros)
    {
        TakeOver read = new(faultMicros);
        // The other records of agents are many times as many, and nothing else of them is needed.
        foreach (var line in Directory.EnumerateFiles(directory, "*" + HistoryLines.FileExtension).SelectMany(path => File.ReadLines(path, Encoding.UTF8))
            .Where(line => line.StartsWith("{\"record\":\"epoch-accepted\"", StringComparison.Ordinal) && line.EndsWith('}')))
            if (HistoryLines.Read(line) is EpochAccepted epoch && epoch.AtMicros >= faultMicros)
            {
                if (!read.accepted.TryGetValue(epoch.Vm.Value, out var ofVm))
                    read.accepted[epoch.Vm.Value] = ofVm = [];
                ofVm.Add((epoch.AtMicros, epoch.Host.Value, epoch.Epoch.Value));
            }
        return read;
    }

    /// <returns>Null: its entity went on, or the migration was over before a new life came.</returns>
    public TakenOver? Of(Migration migration)
    {
        var claim = migration.Timeline.Where(entry => entry.Event == "IncarnationStarted").Select(entry => (At: Micros(entry), Epoch: EpochIn(entry.Detail)))
            .Where(entry => entry.At >= faultMicros).Select(entry => ((long At, long Epoch)?)entry).FirstOrDefault();
        if (claim is not { } life)
            return null;
        var obeyed = accepted.GetValueOrDefault(migration.Vm, []).Where(one => one.Epoch >= life.Epoch && (one.Host == migration.SourceHost || one.Host == migration.DestinationHost))
            .GroupBy(one => one.Host, StringComparer.Ordinal).Select(host => host.Min(one => one.AtMicros)).ToList();
        return new(Span(life.At), obeyed.Count > 0 ? Span(obeyed.Max()) : null);
    }

    TimeSpan Span(long atMicros) => TimeSpan.FromMicroseconds(atMicros - faultMicros);

    static long Micros(TimelineEntry entry) => HistoryClock.Micros(entry.At.ToDateTimeOffset());

    /// <summary>Its detail reads "epoch 7".</summary>
    static long EpochIn(string detail) => long.TryParse(detail.Split(' ')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : 0;
}
