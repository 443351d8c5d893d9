using System.Globalization;
using Coordinator.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>The blackout from the source's STOP to the destination's RESUME, and where its time went. The parts add up to the total.</summary>
internal static class BlackoutTable
{
    const int BarCells = 30;

    public static string Summary(Blackout blackout)
    {
        var qemu = blackout.QemuDowntimeMs > 0 ? string.Create(CultureInfo.InvariantCulture, $"; QEMU's own downtime says {blackout.QemuDowntimeMs} ms") : "";
        return $"{Amounts.Ms(blackout.TotalMicros)} ± {Amounts.Ms(blackout.UncertaintyMicros)}{qemu}";
    }

    public static IRenderable Split(Blackout blackout)
    {
        var table = Columns.Of("PART", ">TIME", ">SHARE", "", "WHAT");
        foreach (var (name, micros, what) in Parts(blackout))
            table.Add(name, Amounts.Ms(micros), Share(micros, blackout.TotalMicros), new Text(Bar(micros, blackout.TotalMicros), new Style(Color.Aqua)), what);
        return table.WithSentences();
    }

    static IEnumerable<(string Name, long Micros, string What)> Parts(Blackout blackout)
    {
        var across = $"between two hosts' clocks, ± {Amounts.Ms(blackout.UncertaintyMicros)}";
        yield return ("stop", blackout.StopMicros, "STOP until migrate-continue is sent");
        if (blackout.HasLoadMicros)
        {
            yield return ("stream", blackout.StreamMicros, $"the last bytes travel; {across}");
            yield return ("load", blackout.LoadMicros, "the destination's QEMU takes in device state");
        }
        else
        {
            yield return ("stream+load", blackout.StreamMicros, $"this QEMU does not tell the two apart; {across}");
        }
        yield return ("release", blackout.ReleaseMicros, "until the source's word that it will not run again");
        yield return ("gate", blackout.GateMicros, "rings read and compared");
        yield return ("grant", blackout.GrantMicros, "the register's one sync");
        yield return ("resume", blackout.ResumeMicros, "cont until RESUME");
    }

    static string Share(long micros, long total) => total <= 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * micros / total:0} %");

    static string Bar(long micros, long total) => total <= 0 || micros <= 0 ? "" : new('█', Math.Max(1, (int)Math.Round((double)BarCells * micros / total)));
}
