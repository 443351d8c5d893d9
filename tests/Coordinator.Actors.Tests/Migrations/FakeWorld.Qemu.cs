using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>What the agents and QEMU do between two steps of the entity.</summary>
internal sealed partial class FakeWorld
{
    /// <summary>Agents' effects and QEMU's own steps, until nothing changes any more.</summary>
    private void Settle()
    {
        if (GuestHost.Length == 0)
        {
            return;
        }

        bool changed = true;
        for (int rounds = 0; changed; rounds++)
        {
            Assert.True(rounds < 500, "the world does not settle");
            FakeHost source = _hosts[GuestHost];
            FakeHost destination = _hosts[OtherHost];
            (QemuPair, SourceHandoff, DestinationHandoff) before = (_pair, source.Source, destination.Destination);
            Observe(source, destination);
            if (!source.Off)
            {
                PerformSource(source, destination);
            }

            if (!destination.Off)
            {
                PerformDestination(destination);
            }

            if (Qemu.Steps(_pair)
                .FirstOrDefault(s => s.Nature == StepNature.Progress && s.Kind != QemuStepKind.ConnectionRefused
                    && !Held.Contains(s.Kind)) is { Kind: var kind } step
                && (kind != default || step.Next != default))
            {
                _pair = step.Next;
            }

            Observe(source, destination);
            MostRunning = Math.Max(MostRunning, (_pair.Source.GuestRuns ? 1 : 0) + (_pair.Destination.GuestRuns ? 1 : 0));
            changed = before != (_pair, source.Source, destination.Destination);
            if (destination.Destination.Stage == DestinationStage.Running && !_pair.Source.Alive)
            {
                MoveGuest(destination);
                changed = true;
            }
        }
    }

    /// <summary>The source has ended: the destination's guest is an ordinary guest now, and may be a source itself.</summary>
    private void MoveGuest(FakeHost destination)
    {
        destination.Launch = destination.Destination.Records.Launch;
        destination.Source = SourceHandoff.Initial with { Records = destination.Source.Records };
        _pair = Qemu.Onward(_pair);
        GuestHost = destination.Name;
    }

    private void Observe(FakeHost source, FakeHost destination)
    {
        if (!source.Off && View(Side.Source, source.Launch) is { } left)
        {
            DecideSource(source, new SourceInput.Observed(left));
            source.FinalRecordsRead |= left.Status == MigrationStatus.Completed && source.Source.Attempt > AttemptNo.None;
        }

        LaunchId launch = destination.Destination.Records.Launch;
        if (!destination.Off && launch != LaunchId.None && destination.Destination is { Launched: true } or { PreparedInThisLife: false }
            && View(Side.Destination, launch) is { } right)
        {
            DecideDestination(destination, new DestinationInput.Observed(right));
            destination.ResumeRead |= right.GuestRuns && destination.Destination.Stage == DestinationStage.Running;
        }
    }

    private QemuView? View(Side side, LaunchId launch)
    {
        if (!_pair[side].Alive)
        {
            return QemuView.Gone(launch);
        }

        return Qemu.Observe(_pair, side) is { } seen ? new QemuView(launch, Alive: true, seen.Run, seen.Status) : null;
    }

    private void PerformSource(FakeHost host, FakeHost destination)
    {
        foreach (SourceEffect effect in SourceDecisions.Effects(host.Source))
        {
            switch (effect)
            {
                case SourceEffect.IssueMigrate issue:
                    host.FinalRecordsRead = false;
                    _pair = Qemu.Execute(_pair, Side.Source, QemuCommand.Migrate).Next;
                    DecideSource(host, new SourceInput.MigrateIssued(issue.Attempt));
                    break;
                case SourceEffect.CancelMigrate:
                    _pair = Qemu.Execute(_pair, Side.Source, QemuCommand.MigrateCancel).Choices[0];
                    break;
                case SourceEffect.ContinueSwitchover go:
                    _pair = Qemu.Execute(_pair, Side.Source, QemuCommand.MigrateContinue()).Next;
                    DecideSource(host, new SourceInput.ContinueIssued(go.Attempt));
                    break;
                case SourceEffect.SendToDestination when LinkCut:
                    break;
                case SourceEffect.SendToDestination send:
                    RegisterReply reply = DecideDestinationWhole(destination, new DestinationInput.FromSource(send.Message, destination.Store)).Register!.Value;
                    DecideSource(host, new SourceInput.RegisterAnswered(reply));
                    break;
                case SourceEffect.RecordCompletion record:
                    DecideSource(host, new SourceInput.CompletionStored(record.Attempt));
                    break;
                case SourceEffect.ContinueGuest:
                    _pair = Qemu.Execute(_pair, Side.Source, QemuCommand.Cont).Next;
                    break;
                case SourceEffect.EndQemu:
                    _pair = Qemu.Execute(_pair, Side.Source, QemuCommand.Quit).Next;
                    break;
                case SourceEffect.Observe:
                    break;
                default:
                    throw new InvalidOperationException($"not expected here: {effect}");
            }
        }
    }

    private void PerformDestination(FakeHost host)
    {
        foreach (DestinationEffect effect in DestinationDecisions.Effects(host.Destination))
        {
            switch (effect)
            {
                case DestinationEffect.LaunchIncoming launch:
                    _pair = Qemu.LaunchDestination(_pair, autostart: false);
                    _pair = Qemu.Execute(_pair, Side.Destination, QemuCommand.MigrateIncoming).Next;
                    host.Listening = true;
                    DecideDestination(host, new DestinationInput.LaunchIssued(launch.Attempt));
                    break;
                case DestinationEffect.JudgeGate judge:
                    host.RecordsRead = true;
                    if (Rings.LoadIsWrong)
                    {
                        host.GateFindings.Add("net0 tx0: used_idx differs: source 98 (0x62), destination 0 (0x0), delta 0xff9e");
                    }

                    DecideDestination(host, new DestinationInput.GateJudged(judge.Attempt, !Rings.LoadIsWrong));
                    break;
                case DestinationEffect.ContinueGuest when HoldsContinue:
                    break;
                case DestinationEffect.ContinueGuest go:
                    DecideDestination(host, new DestinationInput.ContinueSending(go.Attempt));
                    _pair = Qemu.Execute(_pair, Side.Destination, QemuCommand.Cont).Next;
                    break;
                case DestinationEffect.EndQemu:
                    _pair = Qemu.ProcessDied(_pair, Side.Destination);
                    break;
                case DestinationEffect.Observe:
                    break;
                default:
                    throw new InvalidOperationException($"not expected here: {effect}");
            }
        }
    }
}
