using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>What the model answers to a recorded command, compared with what QEMU answered.</summary>
internal static class ModelReply
{
    /// <summary>What an agent sends in the course of a handoff.</summary>
    internal static readonly IReadOnlyList<QemuCommand> Unrecorded =
    [
        QemuCommand.SetCapabilities(QemuCapabilities.ReturnPath | QemuCapabilities.PauseBeforeSwitchover),
        QemuCommand.SetCapabilities(QemuCapabilities.ReturnPath),
        QemuCommand.MigrateIncoming,
        QemuCommand.Migrate,
        QemuCommand.MigrateContinue(),
        QemuCommand.MigrateCancel,
        QemuCommand.Cont,
        QemuCommand.Stop,
        QemuCommand.Yank,
        QemuCommand.Quit,
    ];

    /// <summary>The states after the command is carried out now; none when the model would answer something else than QEMU did.</summary>
    internal static IEnumerable<QemuPair> Outcomes(QemuPair pair, Side side, TraceCommand command, bool sourceArrived)
    {
        if (command.Command is not { } asked)
        {
            return Says(pair, side, command.Reply, sourceArrived) ? [pair] : [];
        }

        if (asked.Kind == QemuCommandKind.SetCapabilities)
        {
            asked = QemuCommand.SetCapabilities((pair[side].Capabilities & ~command.Named) | asked.Capabilities);
        }

        QemuOutcome outcome = Qemu.Execute(pair, side, asked);
        return Agrees(outcome.Reply, command.Reply) ? outcome.Choices : [];
    }

    private static bool Agrees(QemuReply model, TraceReply? recorded) => model.Kind switch
    {
        QemuReplyKind.Ok => recorded is null or { Error: null },
        // 7.2 and 10.0 add hints behind the same words.
        QemuReplyKind.Error => recorded is null || recorded.Error?.Contains(model.Text!, StringComparison.Ordinal) == true,
        QemuReplyKind.NotModelled => true,
        QemuReplyKind.NoAnswer => recorded is null,
        _ => throw new ArgumentOutOfRangeException(nameof(model), model.Kind, "not in the table of replies"),
    };

    private static bool Says(QemuPair pair, Side side, TraceReply? recorded, bool sourceArrived)
    {
        if (recorded is null)
        {
            return true;
        }

        if (Qemu.Observe(pair, side) is not { } seen)
        {
            return false;
        }

        // The word of its own arrival stays until a migration of its own begins.
        bool isOfTheArrival = sourceArrived && side == Side.Source && seen.Status == MigrationStatus.None && recorded.Status == MigrationStatus.Completed;
        return (recorded.Run is not { } run || run == seen.Run) && (recorded.Status is not { } status || status == seen.Status || isOfTheArrival);
    }
}
