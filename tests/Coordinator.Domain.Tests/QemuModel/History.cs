using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>One history of a pair, told in commands and steps; a step that is not possible fails the test and names those that are.</summary>
public sealed class History(QemuPair start)
{
    public const QemuCapabilities Both = QemuCapabilities.ReturnPath | QemuCapabilities.PauseBeforeSwitchover;

    public QemuPair Pair { get; private set; } = start;

    public List<string> Events { get; } = [];

    public QemuProcess Source => Pair.Source;

    public QemuProcess Destination => Pair.Destination;

    public static History Of(
        QemuVersion version = QemuVersion.V10, QemuCapabilities capabilities = Both, GuestBefore guest = GuestBefore.Running, bool autostart = false,
        ImageReturn images = ImageReturn.GuestRunsAllTheSame) =>
        new History(Qemu.Start(new(version, images), guest, capabilities)).Launch(autostart).Ok(Side.Destination, QemuCommand.MigrateIncoming);

    public History Launch(bool autostart = false)
    {
        Pair = Qemu.LaunchDestination(Pair, autostart);
        return this;
    }

    public History Ok(Side side, QemuCommand command, int choice = 0)
    {
        QemuOutcome outcome = Qemu.Execute(Pair, side, command);
        Assert.Equal(QemuReply.Ok, outcome.Reply);
        return To(outcome.Choices[choice]);
    }

    /// <summary>The refusal must change nothing.</summary>
    public History Refused(Side side, QemuCommand command, string text)
    {
        QemuOutcome outcome = Qemu.Execute(Pair, side, command);
        Assert.Equal(QemuReply.Error(text), outcome.Reply);
        Assert.Equal(Pair, outcome.Next);
        return this;
    }

    public History Unanswered(Side side, QemuCommand command)
    {
        QemuOutcome outcome = Qemu.Execute(Pair, side, command);
        Assert.Equal(QemuReply.NoAnswer, outcome.Reply);
        return To(outcome.Next);
    }

    public History Do(params QemuStepKind[] kinds)
    {
        foreach (QemuStepKind kind in kinds)
        {
            QemuStep[] steps = [.. Qemu.Steps(Pair).Where(step => step.Kind == kind)];
            Assert.True(steps.Length == 1, $"{kind} is not the one step of {Pair}; possible: {string.Join(", ", Qemu.Steps(Pair).Select(step => step.Name))}");
            To(steps[0].Next);
        }

        return this;
    }

    public History Kill(Side side) => To(Qemu.ProcessDied(Pair, side));

    /// <summary>Every progress step in turn until none is left; the first of several, so only for histories without a race.</summary>
    public History Rest()
    {
        while (Qemu.Steps(Pair).Where(step => step.Nature == StepNature.Progress).Select(step => (QemuStep?)step).FirstOrDefault() is { } step)
        {
            To(step.Next);
        }

        return this;
    }

    public History Active() => Ok(Side.Source, QemuCommand.Migrate).Do(QemuStepKind.Connects);

    public History PreSwitchover() => Active().Do(QemuStepKind.Converges);

    /// <summary>The monitor is blocked from here.</summary>
    public History Sending() => PreSwitchover().Continued();

    /// <summary>Some time after the command was answered.</summary>
    public History Continued() => Ok(Side.Source, QemuCommand.MigrateContinue()).Do(QemuStepKind.Continues);

    /// <summary>Everything is with the destination, its word is awaited.</summary>
    public History Finishing() => Sending().Do(QemuStepKind.DeviceStateSent, QemuStepKind.LockReleased);

    public History Loaded() => Finishing().Do(QemuStepKind.Loads);

    public History Completed() => Loaded().Do(QemuStepKind.Acknowledges, QemuStepKind.Completes, QemuStepKind.Settles);

    public bool Can(QemuStepKind kind) => Qemu.Steps(Pair).Any(step => step.Kind == kind);

    public History Shows(Side side, RunState run, MigrationStatus status)
    {
        Assert.Equal(new QemuObservation(run, status, LoadedRings.Equal), Qemu.Observe(Pair, side));
        return this;
    }

    private History To(QemuPair next)
    {
        foreach (QemuEvent happened in QemuEvent.Between(Pair, next))
        {
            string word = happened.Kind == QemuEventKind.Migration ? happened.Status.ToQmp() : happened.Kind.ToString();
            Events.Add((happened.Side == Side.Source ? "S " : "D ") + word);
        }

        Pair = next;
        return this;
    }
}
