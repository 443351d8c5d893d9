using Coordinator.Agent.Definitions;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Agent.Sessions;

/// <summary>The whole of what this host says about one VM. Readings are shared with the session and never changed after they were made.</summary>
internal sealed class ReportWriter(VmSession session)
{
    /// <summary>From the wall clock on, so that reports of a later life of this agent have greater numbers than those of an earlier one that are still on their way.</summary>
    private static long s_sequence = Qemu.HostClock.NowMicros();

    private Placed? _placed;

    public VmReport Make() => new()
    {
        Vm = session.Vm,
        Host = session.Agent.Host.HostId,
        Sequence = Interlocked.Increment(ref s_sequence),
        AgentLife = WireIds.ToWire(session.Agent.AgentLife),
        FloorEpoch = session.Floor.Epoch.Value,
        FloorIncarnation = WireIds.ToWire(session.Floor.Incarnation.Value),
        StoreInstance = WireIds.ToWire(session.Records.Store.Value),
        HandoffAddress = session.Agent.HandoffAddress,
        Source = SourcePart(),
        Destination = DestinationPart(),
        Guest = GuestView(),
        ForeignRun = AttemptNo.Max(session.Source.Records.ForeignRun, session.Destination.ForeignRun ? session.Destination.Records.Attempt : AttemptNo.None).Value,
    };

    private SourcePart SourcePart()
    {
        SourceHandoff source = session.Source;
        SourceFacts facts = session.SourceSide.Facts;
        SourcePart part = new()
        {
            Stage = source.Stage.ToString(),
            Attempt = source.Attempt.Value,
            Tombstone = source.Records.Tombstone.Value,
            Refused = source.Records.Refused.Value,
            Completed = source.Records.Completed.Value,
            RegisterAnswer = source.Answer.ToString(),
            Times = facts.Times.Clone(),
            Rehearsal = facts.Rehearsal,
            Error = facts.Error,
        };
        if (facts.Layout is { } layout)
        {
            part.Layout.AddRange(layout.Devices);
            part.Capabilities.AddRange(layout.Capabilities);
            part.Machine = layout.Machine;
        }

        part.FinalRecords.AddRange(FinalRecords(source, facts));
        part.Passes.AddRange(facts.Passes);
        return part;
    }

    private IEnumerable<DeviceReading> FinalRecords(SourceHandoff source, SourceFacts facts) =>
        facts.Final?.FinalRecords
        ?? (session.Records.Final is { } stored && stored.Attempt == source.Attempt && source.Attempt != AttemptNo.None ? stored.Released.FinalRecords : Enumerable.Empty<DeviceReading>());

    private DestinationPart DestinationPart()
    {
        DestinationHandoff destination = session.Destination;
        DestinationFacts facts = session.DestinationSide.Facts;
        DestinationPart part = new()
        {
            Stage = destination.Stage.ToString(),
            Attempt = destination.Records.Attempt.Value,
            Launch = WireIds.ToWire(destination.Records.Launch.Value),
            RefusedUpTo = destination.Records.RefusedUpTo.Value,
            Running = destination.Records.Running.Value,
            Listening = facts.IsListening,
            StreamUri = facts.StreamUri,
            Times = facts.Times.Clone(),
            Error = facts.Error,
        };
        if (facts.Layout is { } layout)
        {
            part.Layout.AddRange(layout.Devices);
            part.Capabilities.AddRange(layout.Capabilities);
            part.Machine = layout.Machine;
        }

        part.FirstRecords.AddRange(facts.First?.Devices ?? []);
        part.AfterResume.AddRange(facts.AfterResume);
        part.GateFindings.AddRange(facts.GateFindings);
        return part;
    }

    private GuestView? GuestView()
    {
        LaunchId resident = session.Guests.Resident;
        if (session.Guests.RecordOf(resident) is not { } record)
        {
            return null;
        }

        QemuInstance? instance = session.Guests.Of(resident);
        QemuView? view = instance?.Sight?.AsSource(resident);

        // Not seen yet in this life, and not proven gone: a report that says neither alive nor dead. The coordinator waits for the next one.
        if (!record.IsGone && view is null)
        {
            return null;
        }

        GuestView guest = new()
        {
            Launch = WireIds.ToWire(resident.Value),
            Alive = !record.IsGone,
            RunState = view is { Run: not RunState.Unknown } seen ? seen.Run.ToQmp() : "",
            MigrationStatus = view is { Status: not MigrationStatus.Unknown } known ? known.Status.ToQmp() : "",
            Pid = record.ProcessIdentity?.Pid ?? 0,
            QemuVersion = instance?.Version?.ToString() ?? "",
        };
        AddPlacement(guest, record);
        return guest;
    }

    /// <summary>Read once for each launch: a definition does not change, and reports are many.</summary>
    private void AddPlacement(GuestView guest, LaunchRecord record)
    {
        if (_placed?.Launch != record.Launch)
        {
            _placed = new Placed(record.Launch, session.Guests.MemoryMiBOf(record), Content(record));
        }

        guest.MemoryMib = _placed.MemoryMiB;
        foreach ((string key, string value) in _placed.Definition?.Labels ?? new Dictionary<string, string>())
        {
            guest.Labels[key] = value;
        }

        guest.AntiAffinity.AddRange(_placed.Definition?.AntiAffinity ?? []);
    }

    private static VmDefinitionContent? Content(LaunchRecord record)
    {
        try
        {
            return record.Definition.Content;
        }
        catch (DefinitionException)
        {
            // Recorded by another version of the agent; its QEMU runs all the same.
            return null;
        }
    }

    private sealed record Placed(LaunchId Launch, long MemoryMiB, VmDefinitionContent? Definition);
}
