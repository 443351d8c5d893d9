using System.Net;
using System.Net.Sockets;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Network;

namespace Coordinator.Chaos.Cluster;

/// <summary>One machine of the cluster with the one process that it is there for.</summary>
/// <param name="Machine">Its network.</param>
/// <param name="Part">Its process.</param>
/// <param name="Party">What the history calls the process.</param>
/// <param name="Clock">The process's own.</param>
/// <param name="Port">Where the process serves.</param>
/// <param name="Disk">What the process stores is there; null where it stores nothing.</param>
internal sealed record Member(LabMachine Machine, Part Part, Party Party, LocalClock Clock, int Port, SmallDisk? Disk)
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(90);

    private int _held;
    private int _revived;

    public string Name => Machine.Name;

    public bool IsAgent => Party.Kind == PartyKind.Agent;

    public bool IsCoordinator => Party.Kind == PartyKind.Coordinator;

    /// <summary>Lives after the first that no fault of ours had ended.</summary>
    public int Revived => Volatile.Read(ref _revived);

    /// <summary>No supervisor starts it again.</summary>
    public bool IsHeld => Volatile.Read(ref _held) != 0;

    /// <summary>SIGKILL, and down until <see cref="Release"/>.</summary>
    public async Task HoldDownAsync()
    {
        Volatile.Write(ref _held, 1);
        await Part.KillAsync();
    }

    public void Release()
    {
        if (IsHeld)
        {
            Part.Start();
            Volatile.Write(ref _held, 0);
        }
    }

    /// <summary>What its service unit does: a process that has ended by itself is started again.</summary>
    public void Revive()
    {
        if (!IsHeld && !Part.IsRunning)
        {
            Interlocked.Increment(ref _revived);
            Part.Start();
        }
    }

    public Task ReadyAsync() => Eventually.Becomes(async () => await ServesAsync() ? "" : null, s_readyLimit, $"{Name} to serve", () => Part.Output);

    private async Task<bool> ServesAsync()
    {
        using Socket probe = NamespaceSocket.Tcp(Machine.Space.Name);
        try
        {
            await probe.ConnectAsync(new IPEndPoint(IPAddress.Parse(Machine.Address), Port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
