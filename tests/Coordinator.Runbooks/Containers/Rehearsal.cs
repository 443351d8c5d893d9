using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Coordinator.Lab;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;

namespace Coordinator.Runbooks.Containers;

/// <summary>
/// The services of docker/compose.yaml as containers without a docker: their commands, users, capabilities, volumes, joined namespaces and names, in network namespaces on one bridge (<c>container</c>
/// beside this file). One network stands for all of compose's, and this machine's programs for those of the images. Disposing ends everything.
/// </summary>
internal sealed class Rehearsal : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_betweenChecks = TimeSpan.FromSeconds(1);
    private const string Subnet = "172.30.40.";

    private readonly TemporaryDirectory _folder = new("rehearsal-");
    private readonly string _hub = LabNamespaceName.Next().ToString();
    private readonly Dictionary<string, (string Namespace, string Address)> _networks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Process> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _output = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> _supervised = [];
    private int _scratches;

    private Rehearsal(ComposeFile file) => File = file;

    public ComposeFile File { get; }

    public static async Task<Rehearsal> StartAsync()
    {
        await ExternalCommand.Run(LabFolder.Installer("network.sh"), []);
        await LabNetwork.Sweep();
        Rehearsal rehearsal = new(await ComposeFile.ReadAsync());
        try
        {
            await rehearsal.WireAsync();
            rehearsal.MakeVolumes();
            return rehearsal;
        }
        catch
        {
            await rehearsal.DisposeAsync();
            throw;
        }
    }

    public string Output(string service) => _output.TryGetValue(service, out ConcurrentQueue<string>? lines) ? string.Join('\n', lines) : "";

    /// <summary>A service that goes on until it is killed. What ends by itself is started again, as the file says docker does: a node that the others put out comes back so.</summary>
    /// <param name="service">Its name in the file.</param>
    /// <param name="instead">What stands for an image's own program.</param>
    public async Task StartAsync(string service, params IReadOnlyList<string> instead)
    {
        Assert.Contains(File[service].Text("restart"), new[] { "always", "unless-stopped" });
        Process process = Process.Start(await ContainerAsync(File[service], instead.Count > 0 ? instead : File[service].Command, join: null))!;
        ConcurrentQueue<string> lines = _output.GetOrAdd(service, _ => new());
        process.OutputDataReceived += (_, e) => lines.Enqueue(e.Data ?? "");
        process.ErrorDataReceived += (_, e) => lines.Enqueue(e.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        _running[service] = process;
        _supervised.Add(SuperviseAsync(service, process, instead));
    }

    /// <summary>A one-shot service, or another command in a service's place.</summary>
    /// <returns>Exit code and everything it said.</returns>
    public async Task<(int Code, string Said)> RunAsync(string service, params IReadOnlyList<string> command)
    {
        ProcessStartInfo start = await ContainerAsync(File[service], command.Count > 0 ? command : File[service].Command, join: null);
        (int code, string said, string wrong) = await ExternalCommand.Try(start.FileName, start.ArgumentList);
        return (code, said + wrong);
    }

    /// <summary>As docker exec does.</summary>
    public async Task<(int Code, string Said)> InsideAsync(string service, params IReadOnlyList<string> command)
    {
        ProcessStartInfo start = await ContainerAsync(File[service], command, await FirstAsync(File[service].Joins ?? service));
        (int code, string said, string wrong) = await ExternalCommand.Try(start.FileName, start.ArgumentList);
        return (code, said + wrong);
    }

    public async Task BecomesHealthyAsync(string service)
    {
        string last = "";
        await Eventually.Becomes(
            async () =>
            {
                (int code, last) = await InsideAsync(service, File[service].Health);
                if (code != 0)
                {
                    // Each check starts programs; docker does it every 10 s.
                    await Eventually.Lasts(s_betweenChecks);
                }

                return code == 0 ? "" : null;
            },
            Limit, $"{service} to be healthy", () => $"{last}\n{Output(service)}");
    }

    /// <summary>SIGKILL to everything that belongs to one container.</summary>
    public async Task KillAsync(string service)
    {
        if (_running.TryRemove(service, out Process? process))
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Those that joined a namespace before those that own one.
        foreach (string service in _running.Keys.OrderBy(name => File[name].Joins is null))
        {
            await KillAsync(service);
        }

        await Task.WhenAll(_supervised);
        foreach (string network in _networks.Values.Select(n => n.Namespace).Append(_hub))
        {
            await ExternalCommand.Try("ip", ["netns", "del", network]);
        }

        _folder.Dispose();
    }

    private async Task SuperviseAsync(string service, Process process, IReadOnlyList<string> instead)
    {
        await process.WaitForExitAsync();
        if (_running.TryRemove(new(service, process)))
        {
            await Eventually.Lasts(s_betweenChecks);
            await StartAsync(service, instead);
        }
    }

    private async Task WireAsync()
    {
        await ExternalCommand.Run("ip", ["netns", "add", _hub]);
        await ExternalCommand.Run("ip", ["-n", _hub, "link", "add", "br0", "type", "bridge"]);
        await ExternalCommand.Run("ip", ["-n", _hub, "link", "set", "br0", "up"]);
        List<string> hosts = ["127.0.0.1 localhost"];
        int number = 0;
        foreach (ComposeService service in File.Services.Where(s => s.Joins is null))
        {
            string network = LabNamespaceName.Next().ToString();
            string address = service.FixedAddress ?? string.Create(CultureInfo.InvariantCulture, $"{Subnet}{100 + number}");
            string link = string.Create(CultureInfo.InvariantCulture, $"c{number++}");
            _networks[service.Name] = (network, address);
            hosts.Add($"{address} {string.Join(' ', service.NetworkNames)}");
            await ExternalCommand.Run("ip", ["netns", "add", network]);
            await ExternalCommand.Run("ip", ["-n", _hub, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", network]);
            await ExternalCommand.Run("ip", ["-n", _hub, "link", "set", link, "master", "br0", "up"]);
            await ExternalCommand.Run("ip", ["-n", network, "addr", "add", $"{address}/24", "dev", "eth0"]);
            await ExternalCommand.Run("ip", ["-n", network, "link", "set", "lo", "up"]);
            await ExternalCommand.Run("ip", ["-n", network, "link", "set", "eth0", "up"]);
        }

        await System.IO.File.WriteAllLinesAsync(_folder["hosts"], hosts);
    }

    /// <summary>With the owners that docker gives a new volume: those of the directory in the image, or root.</summary>
    private void MakeVolumes()
    {
        foreach (string volume in File.Services.SelectMany(s => s.Volumes).Select(v => v[0]).Where(v => !v.StartsWith('/')).Distinct(StringComparer.Ordinal))
        {
            string folder = Directory.CreateDirectory(Volume(volume)).FullName;
            string? owner = volume.Split('-')[0] switch { "state" or "run" => "10001:10001", "database" => "999:999", "prometheus" => "65534:65534", _ => null };
            if (owner is not null)
            {
                ExternalCommand.Run("chown", [owner, folder]).GetAwaiter().GetResult();
                System.IO.File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }

    private string Volume(string source) => source.StartsWith('/') ? source : _folder[$"volumes/{source}"];

    /// <summary>The first process of a service's PID namespace, by its number here; it is there a moment after the service was started.</summary>
    private async Task<int> FirstAsync(string service)
    {
        string first = await Eventually.Becomes(
            () =>
            {
                int outer = _running.TryGetValue(service, out Process? running) ? running.Id : 0;
                string children = $"/proc/{outer}/task/{outer}/children";
                return System.IO.File.Exists(children) && System.IO.File.ReadAllText(children).Split(' ')[0] is { Length: > 0 } child ? child : null;
            },
            Limit, $"{service} to have begun", () => Output(service));
        return int.Parse(first, CultureInfo.InvariantCulture);
    }

    private async Task<ProcessStartInfo> ContainerAsync(ComposeService service, IReadOnlyList<string> command, int? join)
    {
        Assert.Equal((true, "ALL"), (bool.Parse(service.Text("read_only")), Assert.Single(service.List("cap_drop"))));
        string owner = service.Joins ?? service.Name;
        join ??= service.Joins is { } joined ? await FirstAsync(joined) : null;
        string scratch = Directory.CreateDirectory(_folder[string.Create(CultureInfo.InvariantCulture, $"scratch-{Interlocked.Increment(ref _scratches)}")]).FullName;
        List<string> arguments =
        [
            "--net", _networks[owner].Namespace, "--scratch", scratch, "--hosts", _folder["hosts"], "--user", service.Text("user") is { Length: > 0 } user ? user : "10001:10001",
            "--mount", $"{AppContext.BaseDirectory.TrimEnd('/')}:/opt/coordinator:ro",
            "--mount", $"{Path.Combine(ComposeFile.Folder, "coordinator", "healthcheck")}:/usr/local/bin/coordinator-health:ro",
            "--mount", $"{Path.Combine(LabFolder.Cache, "prometheus", "bin", "prometheus")}:/usr/local/bin/prometheus:ro",
            "--directory", service.Text("working_dir") is { Length: > 0 } directory ? directory : "/",
            "--env", "ASPNETCORE_HTTP_PORTS=8080",
            .. service.Volumes.SelectMany(v => new[] { "--mount", $"{Volume(v[0])}:{v[1]}{(v[2] == "ro" ? ":ro" : "")}" }),
            .. service.Environment.SelectMany(e => new[] { "--env", e }),
        ];
        if (service.List("cap_add") is { Count: > 0 } added)
        {
            arguments.AddRange(["--caps", string.Join(',', added.Select(c => $"+{c.ToLowerInvariant()}"))]);
        }

        if (join is { } pid)
        {
            arguments.AddRange(["--join", string.Create(CultureInfo.InvariantCulture, $"{pid}")]);
        }

        return new ProcessStartInfo(Path.Combine(LabFolder.RepositoryRoot, "tests", "Coordinator.Runbooks", "Containers", "container"), [.. arguments, "--", .. command])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }
}
