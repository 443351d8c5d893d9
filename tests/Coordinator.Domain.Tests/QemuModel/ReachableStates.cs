using Coordinator.Domain.QemuModel;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>One edge of the graph of all histories: a command, a step, or (neither) the launch of a destination.</summary>
public readonly record struct Move(QemuPair From, QemuPair To, Side Side, QemuCommandKind Command, QemuStepKind? Step);

/// <summary>Everything that a pair can come to, by its own steps, a set of commands and new destinations.</summary>
public static class ReachableStates
{
    public static readonly QemuCommand[] AnyCommand =
    [
        QemuCommand.MigrateIncoming, QemuCommand.Migrate, QemuCommand.MigrateContinue(), QemuCommand.MigrateCancel, QemuCommand.Cont, QemuCommand.Stop,
        QemuCommand.Quit, QemuCommand.SystemReset, QemuCommand.Yank, QemuCommand.MigrateStartPostcopy, QemuCommand.MigrateRecover,
    ];

    /// <summary>What a controller sends that has one migration to do, and no <c>cont</c>.</summary>
    public static readonly QemuCommand[] WithoutCont =
    [
        QemuCommand.MigrateIncoming, QemuCommand.Migrate, QemuCommand.MigrateContinue(), QemuCommand.MigrateCancel, QemuCommand.Quit, QemuCommand.Yank,
    ];

    public static IReadOnlyCollection<QemuPair> From(QemuPair start, QemuCommand[] commands, bool[] autostart, Action<Move>? visit = null)
    {
        HashSet<QemuPair> states = [start];
        Queue<QemuPair> open = new([start]);
        while (open.TryDequeue(out QemuPair pair))
        {
            foreach (Move move in MovesOf(pair, commands, autostart))
            {
                visit?.Invoke(move);
                if (states.Add(move.To))
                {
                    open.Enqueue(move.To);
                }
            }
        }

        return states;
    }

    private static IEnumerable<Move> MovesOf(QemuPair pair, QemuCommand[] commands, bool[] autostart)
    {
        foreach (QemuStep step in Qemu.Steps(pair))
        {
            yield return new(pair, step.Next, step.Side, QemuCommandKind.None, step.Kind);
        }

        foreach (Side side in (Side[])[Side.Source, Side.Destination])
        {
            foreach (QemuCommand command in commands)
            {
                foreach (QemuPair next in Qemu.Execute(pair, side, command).Choices)
                {
                    yield return new(pair, next, side, command.Kind, null);
                }
            }
        }

        if (!pair.Destination.Alive && pair.Source.Alive)
        {
            foreach (bool starts in autostart)
            {
                yield return new(pair, Qemu.LaunchDestination(pair, starts), Side.Destination, QemuCommandKind.None, null);
            }
        }
    }
}
