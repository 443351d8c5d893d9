using System.Globalization;
using Coordinator.Cli.Local;
using Coordinator.Cli.Outcomes;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Coordinator.Cli.Load;

/// <summary>
/// The simulated hosts: processes of many agents each, and beside every one a process of their guests, as children that end with coordctl, however that ends. Disposing it leaves no process and no file.
/// </summary>
internal sealed class LoadFleet : IAsyncDisposable
{
    const string HistoryVariable = "COORDINATOR_HISTORY";
    static readonly TimeSpan s_stopWithin = TimeSpan.FromSeconds(20);

    readonly string root;
    readonly List<ChildProcess> agents = [];
    readonly List<ChildProcess> guests = [];

    LoadFleet(string root) => this.root = root;

    /// <summary>What the guests say of their runs, and the agents of the epochs that they obey.</summary>
    public string History => Path.Combine(root, "history");

    public ProcessCost Agents => ProcessCost.Of(agents);

    public ProcessCost Guests => ProcessCost.Of(guests);

    /// <exception cref="CommandFailure">The directory is not empty, or a program is missing.</exception>
    public static LoadFleet Start(LoadOptions options, LoadNames names, IReadOnlyList<Uri> servers, string binaries, LocalCertificates? certificates)
    {
        LoadFleet fleet = new(options.Directory);
        if (Directory.Exists(options.Directory) && Directory.EnumerateFileSystemEntries(options.Directory).Any())
            throw new CommandFailure(ExitCode.Refused, $"--directory: {options.Directory} is not empty, and all that is in it is removed at the end; name a new one");
        try
        {
            fleet.StartProcesses(options, names, servers, Path.Combine(binaries, "coordinator-agent"), certificates);
            return fleet;
        }
        catch
        {
            fleet.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>Null while all of them run.</summary>
    public string? Death() => agents.Concat(guests).FirstOrDefault(child => child.HasExited) is { } dead
        ? string.Create(CultureInfo.InvariantCulture, $"{dead.Name} ended with {dead.ExitCode}; the end of its log:\n{dead.LastWords()}")
        : null;

    public async ValueTask DisposeAsync()
    {
        // Agents first: they would look after guests that go.
        await Task.WhenAll(agents.Select(child => child.Stop(s_stopWithin)));
        await Task.WhenAll(guests.Select(child => child.Stop(s_stopWithin)));
        agents.Concat(guests).ToList().ForEach(child => child.Dispose());
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
    }

    void StartProcesses(LoadOptions options, LoadNames names, IReadOnlyList<Uri> servers, string binary, LocalCertificates? certificates)
    {
        foreach (var directory in new[] { root, Path.Combine(root, "logs"), Path.Combine(History, "agents"), Path.Combine(History, "guests") })
            DataLayout.CreatePrivate(directory);
        for (var process = 0; process < Math.Min(options.Processes, options.Hosts); process++)
        {
            var number = (process + 1).ToString(CultureInfo.InvariantCulture);
            var keeper = Path.Combine(root, $"keeper-{number}", "socket");
            var hosts = names.Hosts.Where((_, index) => index % options.Processes == process)
                .Select(host => Write(host, options, servers, keeper, certificates)).ToList();
            guests.Add(Child($"guests-{number}", binary, ["simulated-guests", keeper], Path.Combine(History, "guests")));
            agents.Add(Child($"agents-{number}", binary, ["fleet", .. hosts], Path.Combine(History, "agents")));
        }
    }

    ChildProcess Child(string name, string binary, IReadOnlyList<string> arguments, string history) =>
        ChildProcess.StartBound(name, Path.Combine(root, "logs", $"{name}.log"), binary, arguments, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [HistoryVariable] = history,
            // Idle threads of the pool go to sleep at once instead of yielding in a loop, which was 60 % of the guests' processor time on a busy machine.
            ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
        });

    string Write(string host, LoadOptions options, IReadOnlyList<Uri> servers, string keeper, LocalCertificates? certificates)
    {
        var run = Path.Combine(root, "run", host);
        var state = Path.Combine(root, "state", host);
        foreach (var directory in new[] { Path.GetDirectoryName(run)!, run, Path.GetDirectoryName(state)!, state })
            DataLayout.CreatePrivate(directory);
        var anyFreePort = new { Listen = "127.0.0.1:0" };
        var yaml = new SerializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).WithQuotingNecessaryStrings().DisableAliases().Build().Serialize(new
        {
            HostId = host,
            Driver = "simulated",
            StateDirectory = state,
            RunDirectory = run,
            Coordinators = servers.Select(server => server.GetLeftPart(UriPartial.Authority)).ToList(),
            Handoff = anyFreePort,
            MigrationStream = anyFreePort,
            Qemu = new { Keeper = keeper },
            Limits = new { Outgoing = options.StreamsPerHost, Incoming = options.StreamsPerHost },
        }) + "memoryReserveMiB: 0\n";
        if (certificates?.Agent(host) is { } tls)
            yaml += $"tls: {{ certificate: \"{tls.Certificate}\", key: \"{tls.Key}\", authorities: \"{tls.Authorities}\", revoked: \"{tls.Revoked}\" }}\n";
        var file = Path.Combine(root, $"{host}.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }
}
