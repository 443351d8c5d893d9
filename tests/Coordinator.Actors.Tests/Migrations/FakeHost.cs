using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>One host agent: the real decisions of both parts of the handoff over what it has "on disk", with a floor and a step log.</summary>
internal sealed class FakeHost(string name)
{
    private long _sequence;

    public string Name { get; } = name;

    public Guid Life { get; private set; } = Guid.NewGuid();

    public StoreInstanceId Store { get; } = new(Guid.NewGuid());

    public CommandFloor Floor { get; set; } = CommandFloor.Lowest;

    public SourceHandoff Source { get; set; } = SourceHandoff.Initial;

    public DestinationHandoff Destination { get; set; } = DestinationHandoff.Initial;

    /// <summary>The guest's process on this host, if there is or was one.</summary>
    public LaunchId Launch { get; set; }

    public bool Listening { get; set; }

    public int Rehearsed { get; set; }

    public int TimesOf { get; set; }

    public bool RecordsRead { get; set; }

    public bool FinalRecordsRead { get; set; }

    public bool ResumeRead { get; set; }

    public List<string> GateFindings { get; } = [];

    /// <summary>Answers by (epoch, step number), as the step log keeps them.</summary>
    public Dictionary<(long Epoch, long StepNo), StepAnswer> StepLog { get; } = [];

    public List<Step> Steps { get; } = [];

    /// <summary>What this host answers to a kind of step instead of carrying it out.</summary>
    public Dictionary<Step.CommandOneofCase, (StepOutcome Outcome, string Reason)> Refuses { get; } = [];

    /// <summary>Neither hears nor speaks.</summary>
    public bool Unreachable { get; set; }

    /// <summary>The host is off: nothing on it acts, and nothing of it comes back.</summary>
    public bool Off { get; set; }

    public void Restart()
    {
        // Numbers go on: those of a real agent begin with the wall clock.
        Life = Guid.NewGuid();
        Source = Source.AfterRestart();
        Destination = Destination.AfterRestart();
    }

    public VmReport Report(string vm, FakeRings rings, GuestView? guest)
    {
        VmReport report = new()
        {
            Vm = vm,
            Host = Name,
            Sequence = ++_sequence,
            AgentLife = WireIds.Write(Life),
            FloorEpoch = Floor.Epoch.Value,
            FloorIncarnation = WireIds.Write(Floor.Incarnation.Value),
            StoreInstance = WireIds.Write(Store.Value),
            HandoffAddress = $"{Name}:7001",
            Source = SourcePart(rings, guest),
            Destination = DestinationPart(rings),
            Guest = guest,
        };
        return report;
    }

    private SourcePart SourcePart(FakeRings rings, GuestView? guest)
    {
        SourcePart part = new()
        {
            Stage = Source.Stage.ToString(),
            Attempt = Source.Attempt.Value,
            Tombstone = Source.Records.Tombstone.Value,
            Refused = Source.Records.Refused.Value,
            Completed = Source.Records.Completed.Value,
            RegisterAnswer = Source.Answer.ToString(),
            Machine = guest is { Alive: true } ? "pc-q35-7.2" : "",
        };
        if (guest is { Alive: true })
        {
            part.Layout.AddRange(rings.SourceLayout());
            part.Capabilities.AddRange(FakeRings.Capabilities);
        }

        if (Rehearsed > 0)
        {
            part.Rehearsal = new Rehearsal
            {
                Attempt = Rehearsed,
                RoundTripMicros = 400,
                SyncMicros = 900,
                ClockOffsetMicros = 1_000,
                ClockUncertaintyMicros = 200
            };
        }

        if (Source.Attempt > AttemptNo.None)
        {
            part.Passes.Add(new Pass
            {
                Attempt = Source.Attempt.Value,
                Number = 1,
                RemainingBytes = 1 << 20,
                TransferredBytes = 256 << 20,
                TotalBytes = 256 << 20,
                ElapsedMs = 300
            });
        }

        if (FinalRecordsRead)
        {
            part.FinalRecords.AddRange(rings.SourceFinal());
            part.Times = new SourceTimes
            {
                Attempt = Source.Attempt.Value,
                Stop = 1_000_000,
                ContinueSent = 1_000_100,
                Completed = 1_005_000,
                QemuDowntimeMs = 7,
                QemuTotalMs = 310,
                TransferredBytes = 257 << 20
            };
        }

        return part;
    }

    private DestinationPart DestinationPart(FakeRings rings)
    {
        DestinationRecords records = Destination.Records;
        DestinationPart part = new()
        {
            Stage = Destination.Stage.ToString(),
            Attempt = records.Attempt.Value,
            Launch = WireIds.Write(records.Launch.Value),
            RefusedUpTo = records.RefusedUpTo.Value,
            Running = records.Running.Value,
            Listening = Listening,
            StreamUri = Listening ? $"tcp:{Name}:7002" : "",
            Machine = Listening ? rings.DestinationMachine : "",
        };
        if (Listening)
        {
            part.Layout.AddRange(rings.DestinationLayout());
            part.Capabilities.AddRange(FakeRings.Capabilities);
        }

        if (RecordsRead)
        {
            part.FirstRecords.AddRange(rings.DestinationFirst());
            part.GateFindings.AddRange(GateFindings);
        }

        if (ResumeRead)
        {
            part.AfterResume.AddRange(rings.AfterResume());
            part.Times = new DestinationTimes
            {
                Attempt = records.Attempt.Value,
                Loaded = 1_006_000,
                ReleasedReceived = 1_006_500,
                GateJudged = 1_007_000,
                RunDurable = 1_008_000,
                ContSent = 1_008_010,
                Resume = 1_009_000,
            };
        }

        return part;
    }
}
