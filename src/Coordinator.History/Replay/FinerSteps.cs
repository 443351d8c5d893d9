using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>
/// The model's steps, and two of them also in halves. The model lets both ends of a connection become <c>active</c> at once, and the guest stop in the same moment in which the
/// status changes; real QEMUs were seen in between, on a machine without idle cores for 140 ms and 50 ms (10.0.2): a source in <c>active</c>, or already in <c>pre-switchover</c>,
/// whose destination is still in <c>setup</c>, the other way round, and <c>finish-migrate</c> with <c>active</c>. The agents see these states and wait. And a connection that
/// somebody else took for a dead destination, which the agents cannot tell from a stream that broke right after it began.
/// </summary>
internal static class FinerSteps
{
    internal static IEnumerable<(QemuPair Next, bool IsFault)> Of(QemuPair pair)
    {
        bool isStopping = IsStopping(pair);
        foreach (QemuStep step in Qemu.Steps(pair))
        {
            if (isStopping && step.Kind == QemuStepKind.Converges)
            {
                continue;
            }

            yield return (step.Next, step.Nature != StepNature.Progress && step.Kind != QemuStepKind.ProcessDies);
            switch (step.Kind)
            {
                case QemuStepKind.Connects:
                    yield return (step.Next with { Destination = pair.Destination }, IsFault: false);
                    yield return (step.Next with { Source = pair.Source }, IsFault: false);
                    break;
                case QemuStepKind.Converges:
                    yield return (step.Next with { Source = pair.Source with { Run = RunState.FinishMigrate } }, IsFault: false);
                    break;
                default:
                    break;
            }
        }

        if (pair is { Destination: { Alive: true, Status: MigrationStatus.Setup }, Stream.Link: not StreamLink.None })
        {
            yield return (pair with { Destination = pair.Destination with { Status = MigrationStatus.Active } }, IsFault: false);
        }

        if (pair is { Source: { Alive: true, Status: MigrationStatus.Setup, Phase: SourcePhase.Idle }, Destination.Status: MigrationStatus.Active, Stream.Link: StreamLink.Open })
        {
            yield return (pair with { Source = pair.Source with { Status = MigrationStatus.Active } }, IsFault: false);
        }

        if (isStopping)
        {
            yield return (pair with { Source = Stopped(pair) }, IsFault: false);
        }

        // Somebody in between took the connection for a destination that is not there any more: the kernel for a process that is just dying, or a relay. For the source it is a stream that broke.
        if (pair is { Source: { Alive: true, Status: MigrationStatus.Setup, Phase: SourcePhase.Idle }, Destination.Alive: false })
        {
            yield return (pair with { Source = pair.Source with { Status = MigrationStatus.Active }, Stream = new MigrationStream { Link = StreamLink.Broken } }, IsFault: true);
        }
    }

    private static bool IsStopping(QemuPair pair) => pair.Source is { Alive: true, Run: RunState.FinishMigrate, Status: MigrationStatus.Active, Phase: SourcePhase.Idle };

    /// <summary>As the model's own step ends; 7.2 keeps the word "active" for the last part of a plain precopy.</summary>
    private static QemuProcess Stopped(QemuPair pair) => pair.Source.Capabilities.HasFlag(QemuCapabilities.PauseBeforeSwitchover)
        ? pair.Source with { Status = MigrationStatus.PreSwitchover }
        : pair.Source with { Status = pair.Traits.Version == QemuVersion.V7 ? MigrationStatus.Active : MigrationStatus.Device, Phase = SourcePhase.Sending };
}
