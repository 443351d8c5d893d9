using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Agent.State;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Google.Protobuf;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// What one VM's records look like on disk. Each record holds the whole of its kind after the change, so that the newest one of each kind is the state and a reader needs no
/// history. Names of fields are fixed here and not taken from the domain's types; a field that an older agent did not write has its default.
/// </summary>
internal static class RecordCodec
{
    public const string FloorKind = "floor";
    public const string SourceKind = "source";
    public const string DestinationKind = "destination";
    public const string LaunchKind = "launch";
    public const string ResidentKind = "resident";
    public const string PlanKind = "attempt-plan";
    public const string ArrivalKind = "arrival-plan";
    public const string FinalKind = "final-records";
    public const string PausedReleaseKind = "paused-release";

    private static readonly JsonSerializerOptions s_format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static DurableRecord Of(CommandFloor floor) => Json(FloorKind, new FloorDto(floor.Epoch.Value, floor.Incarnation.Value));

    public static DurableRecord Of(SourceRecords r) => Json(SourceKind, new SourceDto(
        r.Started.Value, r.Launch.Value, r.DestinationStore.Value, r.GuestWasRunning, r.Tombstone.Value, r.Completed.Value, r.Refused.Value, r.ForeignRun.Value, r.KeptByWord.Value, r.Overruled.Value));

    public static DurableRecord Of(DestinationRecords r) => Json(DestinationKind, new DestinationDto(
        r.Attempt.Value, r.Launch.Value, r.Register, r.GuestWasRunning, r.RefusedUpTo.Value, r.Running.Value, [.. r.Runs.Select(run => run.Value)], r.Withdrawing.Value, r.Overruled.Value));

    public static DurableRecord Of(LaunchRecord r) => Json(LaunchKind, new LaunchDto(
        r.Launch.Value, r.Origin, r.DefinitionYaml, r.MonitorPath, r.Identity, r.WasContinued, r.EndOrdered, r.IsGone));

    public static DurableRecord OfResident(LaunchId launch) => Json(ResidentKind, launch.Value);

    public static DurableRecord Of(AttemptPlan p) => Json(PlanKind, new PlanDto(
        p.Attempt.Value, p.DestinationHost, p.HandoffAddress, p.StreamUri, p.Settings.ToByteArray()));

    public static DurableRecord Of(ArrivalPlan p) => Json(ArrivalKind, new ArrivalDto(p.Attempt.Value, p.Settings.ToByteArray(), p.SourceHost));

    /// <summary>The final indices of a completed attempt, in the form in which they are released.</summary>
    public static DurableRecord OfFinal(AttemptNo attempt, Released released) => Json(FinalKind, new FinalDto(attempt.Value, released.ToByteArray()));

    /// <summary>Written before register <c>run</c> of a guest that its user had paused, since the register itself has no room to say so.</summary>
    public static DurableRecord OfPausedRelease(AttemptNo attempt) => Json(PausedReleaseKind, attempt.Value);

    public static CommandFloor Floor(byte[] payload) => Read<FloorDto>(payload) is var d ? new CommandFloor(new Epoch(d.Epoch), new IncarnationId(d.Incarnation)) : default!;

    public static SourceRecords Source(byte[] payload)
    {
        SourceDto d = Read<SourceDto>(payload);
        return new SourceRecords
        {
            Started = new AttemptNo(d.Started),
            Launch = new LaunchId(d.Launch),
            DestinationStore = new StoreInstanceId(d.DestinationStore),
            GuestWasRunning = d.GuestWasRunning,
            Tombstone = new AttemptNo(d.Tombstone),
            Completed = new AttemptNo(d.Completed),
            Refused = new AttemptNo(d.Refused),
            ForeignRun = new AttemptNo(d.ForeignRun),
            KeptByWord = new AttemptNo(d.KeptByWord),
            Overruled = new AttemptNo(d.Overruled),
        };
    }

    public static DestinationRecords Destination(byte[] payload)
    {
        DestinationDto d = Read<DestinationDto>(payload);
        return new DestinationRecords
        {
            Attempt = new AttemptNo(d.Attempt),
            Launch = new LaunchId(d.Launch),
            Register = d.Register,
            GuestWasRunning = d.GuestWasRunning,
            RefusedUpTo = new AttemptNo(d.RefusedUpTo),
            Running = new AttemptNo(d.Running),
            Runs = d.Runs.Select(run => new AttemptNo(run)).ToEquatableList(),
            Withdrawing = new AttemptNo(d.Withdrawing),
            Overruled = new AttemptNo(d.Overruled),
        };
    }

    public static LaunchRecord Launch(byte[] payload)
    {
        LaunchDto d = Read<LaunchDto>(payload);
        return new LaunchRecord(new LaunchId(d.Launch), d.Origin, d.DefinitionYaml, d.MonitorPath, d.Identity)
        {
            WasContinued = d.WasContinued,
            EndOrdered = d.EndOrdered,
            IsGone = d.IsGone,
        };
    }

    public static LaunchId Resident(byte[] payload) => new(Read<Guid>(payload));

    public static AttemptPlan Plan(byte[] payload)
    {
        PlanDto d = Read<PlanDto>(payload);
        return new AttemptPlan(new AttemptNo(d.Attempt), d.DestinationHost, d.HandoffAddress, d.StreamUri, MigrationSettings.Parser.ParseFrom(d.Settings));
    }

    public static ArrivalPlan Arrival(byte[] payload)
    {
        ArrivalDto d = Read<ArrivalDto>(payload);
        return new ArrivalPlan(new AttemptNo(d.Attempt), MigrationSettings.Parser.ParseFrom(d.Settings), d.SourceHost);
    }

    public static (AttemptNo Attempt, Released Released) Final(byte[] payload)
    {
        FinalDto d = Read<FinalDto>(payload);
        return (new AttemptNo(d.Attempt), Released.Parser.ParseFrom(d.Released));
    }

    public static AttemptNo PausedRelease(byte[] payload) => new(Read<int>(payload));

    private static DurableRecord Json<T>(string kind, T value) => new(kind, JsonSerializer.SerializeToUtf8Bytes(value, s_format));

    private static T Read<T>(byte[] payload) => JsonSerializer.Deserialize<T>(payload, s_format)!;

    private sealed record FloorDto(long Epoch, Guid Incarnation);

    private sealed record SourceDto(int Started, Guid Launch, Guid DestinationStore, bool GuestWasRunning, int Tombstone, int Completed, int Refused, int ForeignRun,
        int KeptByWord = 0, int Overruled = 0);

    private sealed record DestinationDto(
        int Attempt, Guid Launch, Domain.Handoff.RegisterValue Register, bool GuestWasRunning, int RefusedUpTo, int Running, IReadOnlyList<int> Runs, int Withdrawing = 0,
        int Overruled = 0);

    private sealed record LaunchDto(
        Guid Launch, LaunchOrigin Origin, string DefinitionYaml, string MonitorPath, string? Identity, bool WasContinued, bool EndOrdered, bool IsGone);

    private sealed record PlanDto(int Attempt, string DestinationHost, string HandoffAddress, string StreamUri, byte[] Settings);

    private sealed record ArrivalDto(int Attempt, byte[] Settings, string SourceHost = "");

    private sealed record FinalDto(int Attempt, byte[] Released);
}
