using Coordinator.Domain;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

/// <summary>One QEMU process. What it does stands in the pair that it is part of now.</summary>
public sealed class Machine(LaunchId launch, AgentNode host, AttemptNo arrivedWith)
{
    public LaunchId Launch => launch;

    public AgentNode Host => host;

    /// <summary>The attempt that it was launched for; none for a guest that began its life here.</summary>
    public AttemptNo ArrivedWith => arrivedWith;

    public PairCell Cell { get; set; } = null!;

    public Side Side { get; set; }

    /// <summary>Commands are carried out in the order in which the monitor got them.</summary>
    public long MonitorFreeAtMicros { get; set; }

    /// <summary>It was stopped by nobody but QEMU or its user so far.</summary>
    public bool HasRun { get; set; }

    public QemuProcess State => Cell.Pair[Side];

    public bool Alive => State.Alive;

    public bool Runs => State.GuestRuns;

    /// <summary>What the monitor answers, or null while it answers nothing.</summary>
    public QemuObservation? Observe() => Qemu.Observe(Cell.Pair, Side);

    public override string ToString() => $"QEMU {launch} on {host.Name}";
}

/// <summary>Two processes as <see cref="Qemu"/> models them; either may be missing.</summary>
public sealed class PairCell(QemuPair pair)
{
    public QemuPair Pair { get; set; } = pair;

    public Machine? Source { get; set; }

    public Machine? Destination { get; set; }

    /// <summary>Counts changes: a step that was to happen before one is drawn anew.</summary>
    public int Version { get; set; }
}
