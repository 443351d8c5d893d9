using System.Globalization;
using System.Text.RegularExpressions;

namespace Coordinator.Lab.GuestConsole;

/// <summary>One line of the guest's serial console (tests/guest/README.md lists them).</summary>
public abstract partial record ConsoleLine
{
    /// <summary>The guest is up; <paramref name="PairsInUse"/> of <paramref name="PairsOffered"/> queue pairs carry traffic.</summary>
    public sealed record Ready(string Boot, int Vcpus, int PairsInUse, int PairsOffered) : ConsoleLine;

    public sealed record Tick(long Number, string Boot, long UptimeMs, string Pages, long PagesChecked, long PagesCorrupt) : ConsoleLine;

    /// <summary>Datagrams of the guest and their echoes, as the guest counts them.</summary>
    public sealed record Net(long Sent, long Returned, long Repeated, long Served) : ConsoleLine;

    public sealed record CorruptPage(string Text) : ConsoleLine;

    public sealed record LoadError(string Text) : ConsoleLine;

    /// <summary>The kernel reports its own damage.</summary>
    public sealed record KernelFault(string Text) : ConsoleLine;

    /// <summary>Starts like a line of the load but does not end like one: bytes were lost or mixed.</summary>
    public sealed record Torn(string Text) : ConsoleLine;

    public sealed record Other(string Text) : ConsoleLine;

    // "is not a head!" is virtio's own complaint about a used ring that names a buffer it never had.
    static readonly string[] FaultMarks =
        ["kernel BUG", "BUG:", "Oops", "Kernel panic", "general protection fault", "unable to handle", "is not a head", "Call Trace", "NX-protected"];

    public static ConsoleLine Parse(string text)
    {
        var line = text.TrimEnd('\r');
        if (TickPattern().Match(line) is { Success: true } tick)
            return new Tick(ReadNumber(tick, "n"), tick.Groups["boot"].Value, ReadNumber(tick, "ms"), tick.Groups["pages"].Value, ReadNumber(tick, "checked"), ReadNumber(tick, "corrupt"));
        if (NetPattern().Match(line) is { Success: true } net)
            return new Net(ReadNumber(net, "sent"), ReadNumber(net, "returned"), ReadNumber(net, "repeated"), ReadNumber(net, "served"));
        if (ReadyPattern().Match(line) is { Success: true } ready)
            return new Ready(ready.Groups["boot"].Value, (int)ReadNumber(ready, "cpus"), (int)ReadNumber(ready, "used"), (int)ReadNumber(ready, "offered"));
        if (line.StartsWith("corrupt page=", StringComparison.Ordinal))
            return new CorruptPage(line);
        if (line.Contains("load error:", StringComparison.Ordinal))
            return new LoadError(line);
        if (FaultMarks.Any(mark => line.Contains(mark, StringComparison.Ordinal)))
            return new KernelFault(line);
        return line.StartsWith("tick ", StringComparison.Ordinal) || line.StartsWith("net sent", StringComparison.Ordinal) ? new Torn(line) : new Other(line);
    }

    static long ReadNumber(Match match, string group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^tick (?<n>\d{1,18}) boot=(?<boot>[0-9a-f]{8}) ms=(?<ms>\d{1,18}) pages=(?<pages>off|ok|bad) checked=(?<checked>\d{1,18}) corrupt=(?<corrupt>\d{1,18})$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex TickPattern();

    [GeneratedRegex(@"^net sent=(?<sent>\d{1,18}) returned=(?<returned>\d{1,18}) repeated=(?<repeated>\d{1,18}) served=(?<served>\d{1,18})$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex NetPattern();

    [GeneratedRegex(@"^load ready boot=(?<boot>[0-9a-f]{8}) cpus=(?<cpus>\d{1,4}) pairs=(?<used>\d{1,4})/(?<offered>\d{1,4}) ",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ReadyPattern();
}
