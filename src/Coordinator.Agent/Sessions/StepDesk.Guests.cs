using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Failpoints;
using Coordinator.Qmp;

namespace Coordinator.Agent.Sessions;

/// <summary>Commands that launch or end a QEMU. What can be refused is refused before anything is launched, in one sentence that says what to do.</summary>
internal sealed partial class StepDesk
{
    private async ValueTask LaunchVmAsync(StepContext context, LaunchVm command)
    {
        LaunchId launch = new(WireIds.ToGuid(command.Launch));
        if (session.Guests.RecordOf(launch) is { } known)
        {
            await AnswerAsync(context, known.IsGone ? CommandReply.Rejected($"the QEMU of launch {launch} has ended") : CommandReply.Accepted, []);
            return;
        }

        if (WhyNoLaunch() is { } reply)
        {
            await AnswerAsync(context, reply, []);
            return;
        }

        if (await ParseAsync(context, command.DefinitionYaml) is not { } definition)
        {
            return;
        }

        (QemuCommandLine? line, AdoptedMonitor? adopted, string? refusal) = Compose(definition, LaunchRole.Start, launch);
        if (refusal is not null)
        {
            await AnswerAsync(context, CommandReply.Rejected(refusal), []);
            return;
        }

        LaunchRecord record = adopted is not null
            ? new LaunchRecord(launch, LaunchOrigin.Adopted, command.DefinitionYaml, adopted.QmpSocket, Identity: null)
            : new LaunchRecord(launch, LaunchOrigin.Started, command.DefinitionYaml, line!.QmpSocketPath, Identity: null);
        await BeginAsync(context, [RecordCodec.Of(record), RecordCodec.OfResident(launch)]);
        session.Guests.Note(record);
        session.Guests.BecomeResident(launch);
        _ = LaunchAsync(context, record, line, adopted);
    }

    private async Task LaunchAsync(StepContext context, LaunchRecord record, QemuCommandLine? line, AdoptedMonitor? adopted)
    {
        string? refusal = null;
        QemuInstance? guest = null;
        try
        {
            if (Failpoint.IsOn)
            {
                await Failpoint.HitAsync(FailpointCatalogue.Before("agent.guest.launch"), session.Vm);
            }

            guest = adopted is not null ? await session.Guests.AdoptAsync(record, adopted) : await session.Guests.LaunchAsync(record, line!);
            if (Failpoint.IsOn)
            {
                await Failpoint.HitAsync(FailpointCatalogue.After("agent.guest.launch"), session.Vm);
            }
        }
        catch (OperationCanceledException) when (session.Stopping.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it was, the coordinator waits for an answer, and the sentence goes to the person who asked.
        catch (Exception e)
#pragma warning restore CA1031
        {
            refusal = e.Message;
        }

        session.Post(new SessionInput.ToldOnce(async () =>
        {
            if (guest is null && session.Guests.RecordOf(record.Launch) is { IsGone: false } failed)
            {
                await session.Guests.RecordAsync(failed with { IsGone = true });
                session.Guests.BecomeResident(LaunchId.None);
            }

            await EndAsync(context, refusal is null ? CommandReply.Accepted : CommandReply.Rejected(refusal));
            session.ReportChanged(atOnce: true);
        }));
    }

    private async ValueTask EndVmAsync(StepContext context, EndVm command)
    {
        LaunchId launch = new(WireIds.ToGuid(command.Launch));
        if (session.Guests.RecordOf(launch) is not { } record)
        {
            await EndUnknownAsync(context, launch, command.DefinitionYaml);
            return;
        }

        CommandReply reply = record.IsGone || record.EndOrdered ? CommandReply.Accepted : WhyNotEnd(launch) ?? CommandReply.Accepted;
        if (reply.Kind != ReplyKind.Accepted || record.IsGone || record.EndOrdered)
        {
            await AnswerAsync(context, reply, []);
            return;
        }

        LaunchRecord ordered = record with { EndOrdered = true };
        await AnswerAsync(context, reply, [RecordCodec.Of(ordered)], () => session.Guests.Note(ordered));
    }

    /// <summary>
    /// This agent's state is younger than the launch: the host was installed anew, or the state was lost. A QEMU that an agent launched carries the launch id in its arguments, so one that is not in
    /// the process table is dead on this host. Of an adopted one nothing can be told.
    /// </summary>
    private async ValueTask EndUnknownAsync(StepContext context, LaunchId launch, string definitionYaml)
    {
        string text = LaunchRecord.TextOf(launch);
        // What a person can mend is not rejected: a rejection is kept in the step log, and repeating the request would get it again.
        CommandReply reply = definitionYaml.Length == 0 || IsAdopted(definitionYaml)
            ? CommandReply.Rejected($"no QEMU of launch {launch} was ever on this host, as far as its agent knows")
            : QemuLauncher.FindLaunch(text) is [{ } found, ..]
                ? CommandReply.NotYet($"this agent's state knows nothing of launch {launch}, and its QEMU is here (pid {found.Pid}); end it by hand")
                : session.Guests.ResidentLives
                    ? CommandReply.NotYet($"another QEMU of this VM is on this host (launch {session.Guests.Resident})")
                    : CommandReply.Accepted;
        if (reply.Kind != ReplyKind.Accepted)
        {
            await AnswerAsync(context, reply, []);
            return;
        }

        LaunchRecord gone = new(launch, LaunchOrigin.Started, definitionYaml, session.Agent.Host.ForDefinitions.MonitorSocketOf(text), Identity: null) { IsGone = true, EndOrdered = true };
        await AnswerAsync(context, reply, [RecordCodec.Of(gone), RecordCodec.OfResident(launch)], () =>
        {
            session.Guests.Note(gone);
            session.Guests.BecomeResident(launch);
            session.ReportChanged(atOnce: true);
        });
    }

    /// <summary>A text that cannot be read may have been one of an adopted QEMU.</summary>
    private static bool IsAdopted(string definitionYaml)
    {
        try
        {
            return VmDefinition.Parse(definitionYaml, "definition").Content.Adopt is not null;
        }
        catch (DefinitionException)
        {
            return true;
        }
    }

    private async ValueTask PrepareAsync(StepContext context, PrepareDestination command)
    {
        AttemptNo attempt = new(command.Attempt);
        LaunchId launch = new(WireIds.ToGuid(command.Launch));
        DestinationInput.Prepare input = new(attempt, launch);
        Decision<DestinationReply, DestinationEvent> decision = DestinationDecisions.Decide(session.Destination, input);
        CommandReply reply = decision.Reply.Command ?? CommandReply.Accepted;
        if (reply.Kind != ReplyKind.Accepted || decision.Events.IsEmpty)
        {
            await AnswerAsync(context, reply, []);
            return;
        }

        if (WhyNoArrival() is { } refused)
        {
            await AnswerAsync(context, refused, []);
            return;
        }

        if (await ParseAsync(context, command.DefinitionYaml) is not { } definition)
        {
            return;
        }

        (QemuCommandLine? line, _, string? refusal) = Compose(definition, LaunchRole.Incoming, launch);
        if (refusal is not null)
        {
            await AnswerAsync(context, CommandReply.Rejected(refusal), []);
            return;
        }

        if (session.Agent.Slots.TakeIncoming(session.Vm) is { } full)
        {
            await AnswerAsync(context, CommandReply.NotYet(full), []);
            return;
        }

        LaunchRecord record = new(launch, LaunchOrigin.Arrived, command.DefinitionYaml, line!.QmpSocketPath, Identity: null);
        ArrivalPlan arrival = new(attempt, command.Settings ?? new MigrationSettings(), command.SourceHost);
        DestinationHandoff? next = await session.DestinationSide.MakeDurableAsync(
            decision.Events, async records => await BeginAsync(context, [.. records, RecordCodec.Of(record), RecordCodec.Of(arrival)]));
        if (next is null)
        {
            session.Agent.Slots.Show(session.Vm, session.Destination);
            await AnswerAsync(context, CommandReply.Rejected($"a register of attempt {attempt} exists on this host and cannot be read: nothing is launched for it again"), []);
            return;
        }

        session.Agent.Promises.Promise(launch, line.Memory.MiB);
        session.Guests.Note(record);
        session.DestinationSide.Arrival = arrival;
        session.DestinationSide.Facts.BeginAttempt(attempt);
        session.DestinationSide.Prepared = (prepared, why) =>
        {
            if (prepared == attempt && _underWay.Contains((context.Step.Epoch, context.Step.StepNo)))
            {
                session.Post(async () => await EndAsync(context, why is null ? CommandReply.Accepted : CommandReply.Rejected(why)));
            }
        };
        session.Become(next);
    }

    private async ValueTask RehearseAsync(StepContext context, Rehearse command)
    {
        await BeginAsync(context, []);
        session.SourceSide.ReadLayout();
        _ = RehearseOutsideAsync(context, command);
    }

    private async Task RehearseOutsideAsync(StepContext context, Rehearse command)
    {
        (Rehearsal? measured, string reason) = await session.SourceSide.RehearseAsync(command);
        session.Post(async () =>
        {
            session.SourceSide.Facts.Rehearsal = measured ?? session.SourceSide.Facts.Rehearsal;
            // A destination that cannot be reached now may be in a moment: the coordinator repeats the step until its own deadline.
            await EndAsync(context, measured is null ? CommandReply.NotYet(reason) : CommandReply.Accepted);
            session.ReportChanged(atOnce: true);
        });
    }

    private async ValueTask<VmDefinition?> ParseAsync(StepContext context, string yaml)
    {
        try
        {
            VmDefinition definition = VmDefinition.Parse(yaml, $"definition of {session.Vm}");
            if (definition.Name == session.Vm)
            {
                return definition;
            }

            await AnswerAsync(context, CommandReply.Rejected($"the definition is of VM {definition.Name} and not of {session.Vm}"), []);
        }
        catch (DefinitionException e)
        {
            await AnswerAsync(context, CommandReply.Rejected(e.Message), []);
        }

        return null;
    }

    private (QemuCommandLine? Line, AdoptedMonitor? Adopted, string? Refusal) Compose(VmDefinition definition, LaunchRole role, LaunchId launch)
    {
        try
        {
            HostVariables host = session.Agent.Host.ForDefinitions;
            if (role == LaunchRole.Start && definition.AdoptedOn(host) is { } adopted)
            {
                return (null, adopted, null);
            }

            QemuCommandLine line = definition.CommandLine(host, role, LaunchRecord.TextOf(launch));
            string? refusal = !File.Exists(line.Binary)
                ? $"no QEMU at {line.Binary} on host {host.HostId}: install it or name another binary in the definition"
                : session.Agent.Memory.Refusal(definition.Name, line.Memory, session.Agent.Host.MemoryReserveMiB, session.Agent.Promises.TotalMiB);
            return (line, null, refusal);
        }
        catch (DefinitionException e)
        {
            return (null, null, e.Message);
        }
    }

    /// <summary>Null when a fresh guest may be launched: no other copy of the VM is, or may be, on this host.</summary>
    private CommandReply? WhyNoLaunch()
    {
        if (session.Guests.ResidentLives)
        {
            return CommandReply.Rejected($"the guest is on this host already (launch {session.Guests.Resident})");
        }

        return session.Destination.Stage switch
        {
            DestinationStage.NotPrepared or DestinationStage.Refused => null,
            DestinationStage.Running when session.Guests.IsGone(session.Destination.Records.Launch) => null,
            DestinationStage.NotObserved => CommandReply.NotYet("the QEMU of an earlier attempt has not been observed yet"),
            DestinationStage stage => CommandReply.Rejected($"attempt {session.Destination.Records.Attempt} of this VM is {stage} on this host"),
        };
    }

    private CommandReply? WhyNoArrival()
    {
        if (!session.Guests.ResidentLives)
        {
            return null;
        }

        return session.Source.Stage is SourceStage.NotObserved or SourceStage.HandedOver
            ? CommandReply.NotYet("the guest's former QEMU is still on this host and has to be ended first")
            : CommandReply.Rejected($"the guest is on this host already (launch {session.Guests.Resident})");
    }

    private CommandReply? WhyNotEnd(LaunchId launch)
    {
        if (launch == session.Destination.Records.Launch && session.Destination.Stage is not (DestinationStage.Running or DestinationStage.NotPrepared or DestinationStage.Refused))
        {
            return CommandReply.Rejected($"it is the destination of attempt {session.Destination.Records.Attempt}, which is {session.Destination.Stage}");
        }

        return session.Guests.SourceLaunch != launch
            ? CommandReply.Rejected($"launch {launch} is not the guest on this host")
            : session.Source.Stage switch
            {
                SourceStage.Home or SourceStage.Gone => null,
                SourceStage.NotObserved => CommandReply.NotYet("the guest's QEMU has not been observed yet"),
                SourceStage stage => CommandReply.Rejected($"a migration of it is not over: the source is {stage}"),
            };
    }
}
