using System.Globalization;
using System.Text;
using Coordinator.Chaos.Cells;

namespace Coordinator.Chaos.Peers;

/// <summary>libvirt's measured outcomes beside ours of this run.</summary>
internal static class LibvirtTable
{
    private const int FaultWidth = 52;
    private const int LibvirtWidth = 74;

    public static string Of(IEnumerable<(LibvirtRow Row, CellResult? Ours)> rows)
    {
        StringBuilder text = new();
        text.AppendLine("libvirt's columns are quoted from our measurement of libvirt 9.0 with QEMU 10.0.2 (outcome; by hand); ours are of this run. Rows 27-30 (postcopy) have no counterpart yet.");
        foreach ((LibvirtRow row, CellResult? ours) in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{row.Numbers,-9} {row.Fault,-FaultWidth} libvirt: {row.Libvirt,-LibvirtWidth} by hand: {row.LibvirtSteps}");
            text.AppendLine(CultureInfo.InvariantCulture, $"{"",-9} {"",-FaultWidth} ours:    {Outcome(ours),-LibvirtWidth} by hand: {Steps(ours)}");
        }

        return text.ToString();
    }

    private static string Outcome(CellResult? ours) => ours switch
    {
        null => "not run",
        { IsGood: false } => $"BAD: {string.Join("; ", ours.Violations)}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{ours.Phase} {ours.Verdict}, {Where(ours.Phase)}; stood still {ours.StandstillMs:0} ms"),
    };

    private static string Where(string phase) => phase switch
    {
        "Succeeded" => "runs on B alone",
        "Failed" or "Cancelled" => "runs on A alone",
        "Lost" => "lost with its only copy",
        _ => "a person is asked",
    };

    private static string Steps(CellResult? ours) => ours?.Phase switch
    {
        "Succeeded" => "none",
        "Failed" or "Cancelled" => "none (migrate again if still wanted)",
        "Lost" => "start again",
        "InDoubt" => "decide",
        _ => "-",
    };
}
