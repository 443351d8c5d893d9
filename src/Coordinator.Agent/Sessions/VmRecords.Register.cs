using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using DomainValue = Coordinator.Domain.Handoff.RegisterValue;
using FileValue = Coordinator.Agent.State.RegisterValue;

namespace Coordinator.Agent.Sessions;

/// <summary>What the register's file and the store's copy of it add up to. Pure: the simulator runs this file too.</summary>
internal sealed partial class VmRecords
{
    /// <summary>
    /// The register file is written first, so what it says wins over the store's copy. One that says nothing leaves an undecided attempt unknown: no records of it, so that
    /// the source is answered "unknown"; what the store itself recorded as decided stays decided.
    /// </summary>
    public static DestinationRecords WithRegister(DestinationRecords records, FileValue register, bool guestWasRunning) => (register, records.Register) switch
    {
        (FileValue.Run, DomainValue.Empty) => records with { Register = DomainValue.Run, GuestWasRunning = guestWasRunning, Runs = records.Runs.Add(records.Attempt) },
        (FileValue.Refused, not DomainValue.Refused) => records with
        {
            Register = DomainValue.Refused,
            RefusedUpTo = AttemptNo.Max(records.RefusedUpTo, records.Attempt),
            Runs = records.Runs.Where(run => run != records.Attempt).ToEquatableList(),
        },
        (FileValue.Unknown, DomainValue.Empty) => Forgotten(records),
        _ => records,
    };

    /// <summary>Nothing is known of the newest attempt; older decisions, which stand in records of their own, stay.</summary>
    public static DestinationRecords Forgotten(DestinationRecords records) => records with { Attempt = AttemptNo.None, Launch = LaunchId.None, Register = DomainValue.Empty };
}
