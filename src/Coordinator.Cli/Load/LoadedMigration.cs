using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Load;

/// <summary>One request and what became of it.</summary>
/// <param name="Vm">Which moves.</param>
/// <param name="RequestId">Chosen once.</param>
internal sealed record LoadedMigration(string Vm, string RequestId)
{
    /// <summary>Wall clock of this machine, in microseconds since the Unix epoch, at the first try.</summary>
    public long AskedMicros { get; init; }

    /// <summary>Null: it was never answered, or refused.</summary>
    public TimeSpan? AcknowledgedAfter { get; set; }

    /// <summary>Of the acknowledgement.</summary>
    public string Id { get; set; } = "";

    /// <summary>The coordinators' sentence; empty when they took it on.</summary>
    public string Refusal { get; set; } = "";

    /// <summary>As it was when it had ended; null: it was not seen to end.</summary>
    public Migration? Ended { get; set; }

    public bool IsAcknowledged => Id.Length > 0;
}
