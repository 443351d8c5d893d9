using System.Text;

namespace Coordinator.Domain.Migration;

/// <summary>What is known of both sides, in one sentence: the evidence of a doubt, for the alert and for the person who resolves it.</summary>
public static class VmEvidence
{
    public static string Describe(VmEntity entity, MigrationState migration)
    {
        StringBuilder text = new();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"attempt {migration.Attempt}: source {migration.Source} ");
        text.Append(entity.FencedReportOf(migration.Source) is { } s
            ? $"is {s.Source.Stage} (completed up to {s.Source.Completed}, refused up to {s.Source.Refused}, the register answered {s.Source.Answer})"
            : Silent(migration, migration.Source));
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"; destination {migration.Destination} ");
        text.Append(entity.FencedReportOf(migration.Destination) is { } d
            ? $"is {d.Destination.Stage} (attempt {d.Destination.Attempt}, running {d.Destination.Running})"
            : Silent(migration, migration.Destination));
        return text.ToString();
    }

    /// <summary>Raised once.</summary>
    internal static VmEvent? Doubt(VmEntity entity, MigrationState migration) =>
        migration.Phase == MigrationPhase.InDoubt ? null : new VmEvent.DoubtRaised(migration.Attempt, Describe(entity, migration));

    private static string Silent(MigrationState migration, HostName host) =>
        migration.IsProvenOff(host) ? "is proven off" : "has not answered since this coordinator took over";
}
