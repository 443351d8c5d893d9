namespace Coordinator.Cli.Load;

/// <summary>What <c>coordctl load</c> was asked for; every value is within its range.</summary>
internal sealed record LoadOptions
{
    public const int HostsAtMost = 1_000;
    public const int ActiveAtMost = 50_000;
    public const int QueuesAtMost = 64;
    public const int ProcessesAtMost = 64;
    public const int RequestsAtMost = 100_000;
    public const int CopySecondsAtMost = 3_600;
    public const int SecondsAtMost = 86_400;

    /// <summary>Streams from and to one host that an agent's configuration allows.</summary>
    public const int StreamsPerHostAtMost = 1_000;

    /// <summary>Between which the VMs move; two or more.</summary>
    public required int Hosts { get; init; }

    /// <summary>VMs that migrate all the time; of a burst, migrations that the hosts' limits let go on at once.</summary>
    public required int Active { get; init; }

    /// <summary>Virtqueues of each VM.</summary>
    public required int Queues { get; init; }

    /// <summary>Of each copy, drawn anew for every migration.</summary>
    public required (double Shortest, double Longest) CopySeconds { get; init; }

    /// <summary>For how long new migrations are begun; ignored by a burst.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>A burst of so many requests, each for a VM of its own; null: a closed loop.</summary>
    public int? Requests { get; init; }

    /// <summary>Processes of agents, and as many of guests.</summary>
    public required int Processes { get; init; }

    public required int Seed { get; init; }

    /// <summary>When the fault's command is run, counted from the first request; null: there is none.</summary>
    public TimeSpan? FaultAt { get; init; }

    public string Fault { get; init; } = "";

    /// <summary>How long is waited for everything to end, once nothing more is begun.</summary>
    public required TimeSpan Settle { get; init; }

    /// <summary>/metrics of the coordinators.</summary>
    public IReadOnlyList<Uri> Metrics { get; init; } = [];

    /// <summary>An authority's, for the hosts' certificates; null: hosts on loopback need none.</summary>
    public string? Certificates { get; init; }

    /// <summary>Holds what hosts store, and nothing afterwards.</summary>
    public required string Directory { get; init; }

    public int Vms => Requests ?? Active;

    /// <summary>What stands in a host's configuration as limits.outgoing and limits.incoming. In a closed loop nothing shall wait for its turn.</summary>
    public int StreamsPerHost => Requests is null ? StreamsPerHostAtMost : Math.Clamp((Active + Hosts - 1) / Hosts, 1, StreamsPerHostAtMost);
}
