using Coordinator.Agent.State;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// What is durable about one VM on this host, and the decision register of its newest attempt. Read once at the start of an agent's life; from then on the session holds the
/// state and this writes it.
/// </summary>
internal sealed partial class VmRecords : IDisposable
{
    /// <summary>More are put together into one of each kind when an agent starts: a guest that moves for years makes some ten a migration.</summary>
    private const int RecordsAtMost = 200;

    private readonly AgentStore _store;
    private readonly string _vm;

    private VmRecords(AgentStore store, string vm)
    {
        _store = store;
        _vm = vm;
    }

    public CommandFloor Floor { get; private set; } = CommandFloor.Lowest;

    public SourceRecords Source { get; private set; } = SourceRecords.Empty;

    public DestinationRecords Destination { get; private set; } = DestinationRecords.Empty;

    public Dictionary<LaunchId, LaunchRecord> Launches { get; } = [];

    public LaunchId Resident { get; private set; }

    public AttemptPlan? Plan { get; private set; }

    public ArrivalPlan? Arrival { get; private set; }

    public (AttemptNo Attempt, Released Released)? Final { get; private set; }

    public StoreInstanceId Store => new(_store.InstanceId);

    /// <summary>Of the newest attempt prepared here; null when there is none.</summary>
    public RegisterFile? Register { get; private set; }

    public static VmRecords Load(AgentStore store, string vm)
    {
        VmRecords records = new(store, vm);
        AttemptNo pausedRelease = AttemptNo.None;
        IReadOnlyList<StoredRecord> all = store.ReadAll(vm);
        foreach (StoredRecord stored in all)
        {
            pausedRelease = records.Read(stored, pausedRelease);
        }

        if (all.Count > RecordsAtMost)
        {
            records.Compact(all[^1].Sequence, pausedRelease);
        }

        if (records.Destination.Attempt != AttemptNo.None)
        {
            records.Register = store.Registers.Open(vm, records.Destination.Attempt.Value);
            records.Destination = WithRegister(records.Destination, records.Register.Value, guestWasRunning: pausedRelease != records.Destination.Attempt);
        }

        return records;
    }

    public Task AppendAsync(params IReadOnlyList<DurableRecord> records) => _store.AppendAsync(_vm, records);

    /// <summary>Makes the register of a new attempt, durable and empty, and lets go of the one before.</summary>
    /// <exception cref="AgentStoreException">It cannot be made.</exception>
    public void OpenRegister(AttemptNo attempt)
    {
        RegisterFile register = _store.Registers.Create(_vm, attempt.Value);
        if (!ReferenceEquals(register, Register))
        {
            Register?.Dispose();
            Register = register;
        }
    }

    public byte[]? StepAnswer(long epoch, long stepNo) => _store.TryGetStep(_vm, epoch, stepNo);

    public Task<byte[]> SaveStepAsync(long epoch, long stepNo, byte[] answer, IReadOnlyList<DurableRecord> records) => _store.SaveStepAsync(_vm, epoch, stepNo, answer, records);

    public Task ForgetStepsBelowAsync(Epoch epoch) => _store.ForgetStepsBelowAsync(_vm, epoch.Value);

    public void Dispose() => Register?.Dispose();

    /// <summary>Before anything else is written in this life: a summary that came after a newer record would hide it.</summary>
    private void Compact(long throughSequence, AttemptNo pausedRelease)
    {
        foreach (LaunchId gone in Launches.Values
            .Where(launch => launch.IsGone && launch.Launch != Resident && launch.Launch != Source.Launch && launch.Launch != Destination.Launch)
            .Select(launch => launch.Launch).ToList())
        {
            Launches.Remove(gone);
        }

        List<DurableRecord> summary =
        [
            RecordCodec.Of(Floor), RecordCodec.Of(Source), RecordCodec.Of(Destination), RecordCodec.OfResident(Resident), RecordCodec.OfPausedRelease(pausedRelease),
            .. Launches.Values.Select(RecordCodec.Of),
        ];
        if (Plan is { } plan)
        {
            summary.Add(RecordCodec.Of(plan));
        }

        if (Arrival is { } arrival)
        {
            summary.Add(RecordCodec.Of(arrival));
        }

        if (Final is { } final)
        {
            summary.Add(RecordCodec.OfFinal(final.Attempt, final.Released));
        }

        _store.ReplaceAsync(_vm, throughSequence, summary).GetAwaiter().GetResult();
    }

    private AttemptNo Read(StoredRecord stored, AttemptNo pausedRelease)
    {
        // Decisions of a store that was lost or restored may be out of date: they are not known. Processes are there all the same.
        bool isOurs = stored.InstanceId == _store.InstanceId;
        switch (stored.Kind)
        {
            case RecordCodec.FloorKind:
                CommandFloor floor = RecordCodec.Floor(stored.Payload);
                Floor = floor.Epoch >= Floor.Epoch ? floor : Floor;
                break;
            case RecordCodec.SourceKind when isOurs:
                Source = RecordCodec.Source(stored.Payload);
                break;
            case RecordCodec.DestinationKind when isOurs:
                Destination = RecordCodec.Destination(stored.Payload);
                break;
            case RecordCodec.LaunchKind:
                LaunchRecord launch = RecordCodec.Launch(stored.Payload);
                Launches[launch.Launch] = launch;
                break;
            case RecordCodec.ResidentKind:
                Resident = RecordCodec.Resident(stored.Payload);
                break;
            case RecordCodec.PlanKind:
                Plan = RecordCodec.Plan(stored.Payload);
                break;
            case RecordCodec.ArrivalKind:
                Arrival = RecordCodec.Arrival(stored.Payload);
                break;
            case RecordCodec.FinalKind when isOurs:
                Final = RecordCodec.Final(stored.Payload);
                break;
            case RecordCodec.PausedReleaseKind when isOurs:
                return RecordCodec.PausedRelease(stored.Payload);
            default:
                // Written by a newer agent, or by a store that is not ours any more.
                break;
        }

        return pausedRelease;
    }
}
