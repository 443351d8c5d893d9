using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Contracts.Api;
using Grpc.Core;
using ApiClient = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Actors.Tests.Rolling;

/// <summary>One VM that is moved to and fro for as long as it is wanted, by a client that does what the answers tell it and nothing more clever: repeat the same request at another coordinator.</summary>
internal sealed class MovingVm(RollingCluster cluster, string name)
{
    private readonly ConcurrentQueue<string> _unclear = new();
    private int _next;

    public string Name { get; } = name;

    /// <summary>Ids of requests that were answered with a migration, in their order.</summary>
    public List<string> Accepted { get; } = [];

    public int Repetitions { get; private set; }

    public string Host { get; private set; } = "";

    /// <summary>Answers that do not say "ask again", one of them is one too many.</summary>
    public IReadOnlyCollection<string> Unclear => _unclear;

    public async Task Start(string host)
    {
        string definition = $"""
            name: {Name}
            uuid: {Guid.NewGuid()}
            args: [-machine, "pc,accel=tcg", -m, 256, -nodefaults, -display, none, -vga, none, -simulated, "copyBytes=4194304",
                   -drive, "driver=null-co,size=1M,read-zeroes=on,if=none,id=d0", -device, "virtio-blk-pci,drive=d0,id=disk0,addr=4",
                   -netdev, "user,id=n0,queues=2", -device, "virtio-net-pci,netdev=n0,id=net0,addr=5,mq=on,vectors=6,romfile="]
            """;
        StartVirtualMachineRequest request = new() { RequestId = $"start-{Name}", Host = host, DefinitionYaml = definition };
        VirtualMachine vm = await Ask((api, options) => api.StartVirtualMachineAsync(request, options));
        await cluster.Until(async () => (vm = await Ask((api, options) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = Name }, options))).Residence == "Resident", $"{Name} to run; {vm}");
        Host = host;
    }

    public async Task MoveUntil(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await MoveOnce();
        }
    }

    private async Task MoveOnce()
    {
        string to = Host == RollingCluster.Alpha ? RollingCluster.Beta : RollingCluster.Alpha;
        StartMigrationRequest request = new()
        {
            RequestId = string.Create(CultureInfo.InvariantCulture, $"move-{Name}-{Accepted.Count}"),
            Vm = Name,
            DestinationHost = to,
            // 4 MiB at 1 MiB/s: it is under way when its node goes.
            Policy = new MigrationPolicy { BandwidthBytesPerSec = 1 << 20, VerifyMs = 200, RehearsalBudgetMs = 10_000, PrepareDeadlineMs = 120_000, SwitchoverDeadlineMs = 60_000 },
        };
        Migration accepted = await Ask((api, options) => api.StartMigrationAsync(request, options));
        Accepted.Add(accepted.Id);
        Migration seen = accepted;
        await cluster.Until(
            async () => (seen = await Ask((api, options) => api.GetMigrationAsync(new GetMigrationRequest { Vm = Name, MigrationId = accepted.Id }, options))).Terminal,
            $"the migration of {Name} to end; it is {seen.Phase}: {seen.Reason}");
        Assert.True(seen is { Phase: "Succeeded", Verdict: "Verified" }, $"{seen}\n{cluster.Log()}");
        Host = to;
    }

    public async Task<T> Ask<T>(Func<ApiClient, CallOptions, AsyncUnaryCall<T>> call)
        where T : class
    {
        int tries = 0;
        return await Eventually.Succeeds(
            async () =>
            {
                Repetitions += tries++ > 0 ? 1 : 0;
                return await call(cluster.Api(_next % RollingCluster.Nodes), new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30)));
            },
            failure =>
            {
                bool isClear = failure is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded };
                if (!isClear)
                {
                    _unclear.Enqueue(failure.Message);
                }

                _next++;
                return isClear;
            },
            RollingCluster.Patience);
    }
}
