using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Cli.Load;

/// <summary>What a run came to. Times in the units that their names say; null where nothing was measured.</summary>
internal sealed record LoadReport
{
    static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public required string Run { get; init; }

    public required int Hosts { get; init; }

    public required int Vms { get; init; }

    public required int Queues { get; init; }

    public required int Seed { get; init; }

    public required double LoadedSeconds { get; init; }

    public required int Requests { get; init; }

    public required int Acknowledged { get; init; }

    public required int RefusedRequests { get; init; }

    /// <summary>Requests that nobody has answered in any way.</summary>
    public required int Unanswered { get; init; }

    /// <summary>Times that a request was sent again.</summary>
    public required long Repeated { get; init; }

    /// <summary>By phase and verdict.</summary>
    public required IReadOnlyDictionary<string, int> Outcomes { get; init; }

    /// <summary>Migrations under way at the same time: the median of looks during the load.</summary>
    public required int ActiveMedian { get; init; }

    public required double StartedPerSecond { get; init; }

    public required double EndedPerSecond { get; init; }

    public Distribution? AcknowledgedAfterMs { get; init; }

    /// <summary>From the first request until the last acknowledgement.</summary>
    public required double AllAcknowledgedAfterSeconds { get; init; }

    /// <summary>As the guests saw it; the failover's part is from the fault until the last migration was driven again, and at least 10 s.</summary>
    public required Blackouts BlackoutMs { get; init; }

    /// <summary>The same moves by the migrations' own figures.</summary>
    public required Blackouts OwnBlackoutMs { get; init; }

    public FaultReport? Fault { get; init; }

    public required Costs Cost { get; init; }

    /// <summary>Acknowledged, and unknown at the end or never over.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Two copies of a VM that ran at once, or two migrations for one request.</summary>
    public required IReadOnlyList<string> Doubled { get; init; }

    /// <summary>Results that the guests themselves contradict.</summary>
    public required IReadOnlyList<string> Untrue { get; init; }

    public bool IsGood => Lost.Count == 0 && Doubled.Count == 0 && Untrue.Count == 0 && Unanswered == 0 && Fault is not { NeverDrivenAgain: > 0 };

    public string Json() => JsonSerializer.Serialize(this, s_json);

    /// <param name="Before">The fault, or of the whole run when there is none.</param>
    internal sealed record Blackouts(Distribution? Before, Distribution? During, Distribution? After);

    /// <param name="AtSecond">Of the load.</param>
    /// <param name="ActiveThen">Migrations under way.</param>
    /// <param name="NewLives">Of them, those whose entities got a new life.</param>
    /// <param name="ClaimedMs">From the fault until the new life stood in the journal.</param>
    /// <param name="DrivenAgainMs">From the fault until the agents obeyed it.</param>
    internal sealed record FaultReport(double AtSecond, int ActiveThen, int NewLives, int NeverDrivenAgain, Distribution? ClaimedMs, Distribution? DrivenAgainMs);

    /// <summary>Of the time in which the load lasted; the coordinators' are there only with --metrics.</summary>
    internal sealed record Costs
    {
        public double? EventsPerSecond { get; init; }

        /// <summary>In the busiest seconds since the hosts had connected.</summary>
        public double? PeakEventsPerSecond { get; init; }

        /// <summary>Events, bytes and seconds of processor time of the load, divided by the migrations that ended in it.</summary>
        public double? EventsPerMigration { get; init; }

        public double? JournalBytesPerMigration { get; init; }

        public double? CoordinatorCpuMsPerMigration { get; init; }

        public required double AgentCpuMsPerMigration { get; init; }

        public required double GuestCpuMsPerMigration { get; init; }

        /// <summary>Live managed memory of all coordinators beyond what they had before the VMs were started, for each active migration.</summary>
        public double? ManagedBytesPerActive { get; init; }

        public double? CoordinatorsResidentMiB { get; init; }

        public required double AgentsResidentMiB { get; init; }

        public required double GuestsResidentMiB { get; init; }
    }
}
