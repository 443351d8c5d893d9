using System.CommandLine;
using System.Globalization;
using Coordinator.Cli.Api;
using Coordinator.Cli.Local;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Spectre.Console;

namespace Coordinator.Cli.Verbs;

internal static class UpVerb
{
    const int LowestPort = 1024;
    const int HighestPort = 65_000;

    public static Command Command(CliContext context)
    {
        Option<string?> data = new("--data") { Description = "journal, agents' state and logs [default: $XDG_STATE_HOME/coordinator, ~/.local/state/coordinator]", HelpName = "DIR" };
        Option<int> nodes = new("--nodes") { Description = $"coordinator processes on one journal; 1 to {UpOptions.NodesAtMost}", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<string[]> hosts = new("--host")
        {
            Description = "configuration of an agent to start, repeatable [default: two hosts alpha and beta on loopback]",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<bool> noHosts = new("--no-hosts") { Description = "only coordinators: to look into a journal, or for agents that dial in from elsewhere" };
        Option<string?> qemu = new("--qemu") { Description = "QEMU of the hosts alpha and beta [default: qemu-system-x86_64 on PATH]", HelpName = "FILE" };
        Option<int> port = new("--port")
        {
            Description = $"first coordinator's port for clients and agents, the others follow; {LowestPort} to {HighestPort}",
            HelpName = "PORT",
            DefaultValueFactory = _ => UpOptions.DefaultPort,
        };
        Option<string?> certs = new("--certs")
        {
            Description = "certificates on every link, issued by the authority in DIR (see 'coordctl certs'), which is made if there is none; hosts beyond loopback need them [default: none]",
            HelpName = "DIR",
        };
        Option<bool> withGuests = new("--with-guests") { Description = "Ctrl-C ends the guests too" };
        Within(nodes, 1, UpOptions.NodesAtMost);
        Within(port, LowestPort, HighestPort);
        var command = new Command("up", "coordinators and agents on this machine, in the foreground; Ctrl-C stops them and leaves guests running")
        {
            data, nodes, hosts, noHosts, qemu, port, certs, withGuests,
        };
        command.SetAction((parsed, interrupted) => Run(context, new UpOptions
        {
            DataDirectory = Path.GetFullPath(parsed.GetValue(data) ?? DefaultData(context)),
            Nodes = parsed.GetValue(nodes),
            HostFiles = parsed.GetValue(hosts) ?? [],
            WithoutHosts = parsed.GetValue(noHosts),
            QemuBinary = Path.GetFullPath(parsed.GetValue(qemu) ?? OnPath(context, "qemu-system-x86_64")),
            Port = parsed.GetValue(port),
            CertificatesDirectory = parsed.GetValue(certs) is { } directory ? Path.GetFullPath(directory) : null,
            WithGuests = parsed.GetValue(withGuests),
        }, interrupted));
        return command;
    }

    static async Task<int> Run(CliContext context, UpOptions options, CancellationToken interrupted)
    {
        void Say(string line) => context.Out.WriteLine(line);
        await using var cluster = new LocalCluster(options, context.BinaryDirectory, Say);
        var took = await cluster.Start(context.Clock, interrupted);
        var servers = string.Join(',', options.Servers.Select(server => server.GetLeftPart(UriPartial.Authority)));
        Say(string.Create(CultureInfo.InvariantCulture, $"up after {took.TotalSeconds:0.0} s"));
        Say($"  coordinators  {servers}");
        Say($"  dashboard     {string.Join(' ', options.Dashboards)}");
        Say($"  hosts         {(cluster.Hosts.Count > 0 ? string.Join(' ', cluster.Hosts.Select(host => host.Name)) : "none here")}");
        Say($"  journal       {cluster.Layout.JournalFile}");
        foreach (var (name, pid, log) in cluster.Parts)
            Say(string.Create(CultureInfo.InvariantCulture, $"  {name,-13} pid {pid}, log {log}"));
        if (cluster.Certificates is { } certificates)
            Say($"  certificates  {options.CertificatesDirectory}; yours: --tls {certificates.ClientDirectory} (or {ServerAddresses.TlsVariable})");
        Say($"try: coordctl {(cluster.Certificates is { } own ? $"--tls {own.ClientDirectory} " : "")}{(servers is ServerAddresses.Default or ServerAddresses.DefaultWithTls ? "" : $"--server {servers} ")}get hosts");
        Say($"Ctrl-C stops coordinators and agents; guests {(options.WithGuests ? "end with them" : "keep running")}.");
        context.Out.Profile.Out.Writer.Flush();

        await cluster.Supervise(interrupted);
        using var connection = new CoordinatorConnection(options.Servers, context.Patience, context.Clock, cluster.Certificates?.OpenClient());
        Say(await LocalGuests.Leave(connection, options.WithGuests));
        Say("stopping agents and coordinators");
        return ExitCode.Ok;
    }

    static void Within(Option<int> option, int lowest, int highest) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is var value && (value < lowest || value > highest))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name}: {value} is refused; allowed is {lowest} to {highest}"));
    });

    static string DefaultData(CliContext context) =>
        context.Environment("XDG_STATE_HOME") is { Length: > 0 } state
            ? Path.Combine(state, "coordinator")
            : Path.Combine(context.Environment("HOME") ?? "/root", ".local", "state", "coordinator");

    static string OnPath(CliContext context, string program) =>
        (context.Environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? Path.Combine("/usr/bin", program);
}
