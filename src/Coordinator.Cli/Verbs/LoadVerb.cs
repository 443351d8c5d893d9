using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Coordinator.Cli.Api;
using Coordinator.Cli.Load;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;

namespace Coordinator.Cli.Verbs;

/// <summary>For capacity planning: what this cluster does under so many migrations, none of them of a real guest.</summary>
internal static class LoadVerb
{
    public static Command Command(SharedOptions shared)
    {
        var hosts = Number("--hosts", "simulated hosts between which the VMs move", 2, LoadOptions.HostsAtMost, 20);
        var active = Number("--active", "VMs that migrate all the time; with --requests, migrations that the hosts let go on at once", 1, LoadOptions.ActiveAtMost, 200);
        var queues = Number("--queues", "virtqueues of each VM", 1, LoadOptions.QueuesAtMost, 16);
        Option<(double, double)?> copy = new("--copy-seconds")
        {
            Description = $"how long each copy takes, drawn from this range for every migration; above 0, up to {LoadOptions.CopySecondsAtMost} [default: 60-120]",
            HelpName = "A-B",
            CustomParser = Range,
        };
        var duration = Number("--duration", "for so many seconds a VM whose migration has ended moves on", 5, LoadOptions.SecondsAtMost, 300, "SECONDS");
        Option<int?> requests = new("--requests") { Description = $"instead of a duration: one burst of so many requests, each for a VM of its own; 1 to {LoadOptions.RequestsAtMost}", HelpName = "N" };
        var processes = Number("--processes", "processes of agents, and as many of simulated guests", 1, LoadOptions.ProcessesAtMost, 2);
        Option<int?> seed = new("--seed") { Description = "the same lots again [default: a new one, and it is shown]", HelpName = "N" };
        Option<int?> at = new("--at") { Description = "run the command of --fault so many seconds after the first request", HelpName = "SECONDS" };
        Option<string?> fault = new("--fault") { Description = "shell command that breaks something, run once by sh -c: kills a coordinator, say", HelpName = "COMMAND" };
        var settle = Number("--settle", "how long everything may take to end after the last request, in seconds", 10, LoadOptions.SecondsAtMost, 600, "SECONDS");
        Option<string?> metrics = new("--metrics") { Description = "pages of the coordinators, for what they cost: events, bytes, processor time, memory", HelpName = "HOST:PORT,..." };
        Option<string?> certificates = new("--host-certs") { Description = "certificates of the simulated hosts, issued by the authority in DIR (see 'coordctl certs') [default: none, hosts dial loopback]", HelpName = "DIR" };
        Option<string?> directory = new("--directory") { Description = "for what the hosts store; on memory (/dev/shm) their disks are not measured along. Removed at the end [default: a new one under /tmp]", HelpName = "DIR" };
        Option<string> output = new("--output", "-o") { Description = "text, or json: the report, and on standard error what is said on the way", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        var command = new Command("load", "simulated hosts and VMs of its own migrate against these coordinators, and what that took is told; no other VM is touched")
        {
            hosts, active, queues, copy, duration, requests, processes, seed, at, fault, settle, metrics, certificates, directory, output,
        };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(requests) is < 1 or > LoadOptions.RequestsAtMost)
                parsed.AddError($"--requests: {parsed.GetValue(requests)} is refused; allowed is 1 to {LoadOptions.RequestsAtMost}");
            if (parsed.GetValue(at) is < 0 or > LoadOptions.SecondsAtMost)
                parsed.AddError($"--at: {parsed.GetValue(at)} is refused; allowed is 0 to {LoadOptions.SecondsAtMost}");
            if (parsed.GetValue(at) is null != string.IsNullOrWhiteSpace(parsed.GetValue(fault)))
                parsed.AddError("--at and --fault go together: when to break something, and the command that does");
            if (parsed.GetValue(requests) is null && parsed.GetValue(at) >= parsed.GetValue(duration))
                parsed.AddError($"--at: {parsed.GetValue(at)} is refused; the load ends after {parsed.GetValue(duration)} s, see --duration");
            if (parsed.GetResult(requests) is { Implicit: false } && parsed.GetResult(duration) is { Implicit: false })
                parsed.AddError("--duration and --requests are two kinds of load: one of them");
        });
        command.SetAction((parsed, cancellation) => Run(shared, parsed, parsed.GetValue(output) == "json", new LoadOptions
        {
            Hosts = parsed.GetValue(hosts),
            Active = parsed.GetValue(active),
            Queues = parsed.GetValue(queues),
            CopySeconds = parsed.GetValue(copy) ?? (60, 120),
            Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
            Requests = parsed.GetValue(requests),
            Processes = parsed.GetValue(processes),
            Seed = parsed.GetValue(seed) ?? Random.Shared.Next(1, int.MaxValue),
            FaultAt = parsed.GetValue(at) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Fault = parsed.GetValue(fault) ?? "",
            Settle = TimeSpan.FromSeconds(parsed.GetValue(settle)),
            Metrics = Pages(parsed.GetValue(metrics)),
            Certificates = parsed.GetValue(certificates) is { } authority ? Path.GetFullPath(authority) : null,
            Directory = parsed.GetValue(directory) is { } chosen ? Path.GetFullPath(chosen) : Path.Combine(Path.GetTempPath(), $"cl-{Guid.NewGuid().ToString("N")[..8]}"),
        }, cancellation));
        return command;
    }

    static async Task<int> Run(SharedOptions shared, ParseResult parsed, bool json, LoadOptions options, CancellationToken cancellation)
    {
        // What is said on the way must not stand in the JSON.
        void Say(string line)
        {
            if (json)
                shared.Context.Error.WriteLine(line);
            else
                shared.Say(line);
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}"));
        var report = await new LoadRun(options, shared.Servers(parsed), () => shared.ConnectMany(parsed), shared.Context, Say).Run(cancellation);
        if (json)
            shared.Context.Out.Profile.Out.Writer.WriteLine(report.Json());
        else
            shared.Context.Write(LoadPage.Of(report), LoadPage.ColumnsAtLeast);
        return report.IsGood ? ExitCode.Ok : ExitCode.Failed;
    }

    static Option<int> Number(string name, string what, int lowest, int highest, int usual, string unit = "N")
    {
        Option<int> option = new(name) { Description = string.Create(CultureInfo.InvariantCulture, $"{what}; {lowest} to {highest}"), HelpName = unit, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < lowest || value > highest))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name}: {value} is refused; allowed is {lowest} to {highest}"));
        });
        return option;
    }

    static (double, double)? Range(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        double[] ends = [.. text.Split('-').Select(part => double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0)];
        if (ends is [> 0 and <= LoadOptions.CopySecondsAtMost and var shortest, ..] && ends.Length <= 2 && ends[^1] >= shortest && ends[^1] <= LoadOptions.CopySecondsAtMost)
            return (shortest, ends[^1]);
        argument.AddError($"--copy-seconds: '{text}' is refused; write one number of seconds or two as in 60-120, above 0 and at most {LoadOptions.CopySecondsAtMost}");
        return null;
    }

    static IReadOnlyList<Uri> Pages(string? text) =>
    [
        .. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(address =>
            address.LastIndexOf(':') is > 0 and var colon && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            && Uri.TryCreate($"http://{address}", UriKind.Absolute, out var page)
                ? page
                : throw new CommandFailure(ExitCode.Usage, $"--metrics: '{address}' is not the address of a coordinator's pages; write HOST:PORT, several separated by commas")),
    ];
}
