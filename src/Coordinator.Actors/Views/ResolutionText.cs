using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Google.Protobuf;

namespace Coordinator.Actors.Views;

/// <summary>A person's word as it comes from outside.</summary>
internal static class ResolutionText
{
    private const int MaxDisks = 64;

    /// <exception cref="InvalidValueException">A value is not allowed; the message names it.</exception>
    internal static VmCommand.Resolve Read(ResolveDoubt asked)
    {
        if (!Enum.TryParse(asked.Choice, ignoreCase: false, out DoubtChoice choice) || choice.ToString() != asked.Choice)
        {
            throw new InvalidValueException("choice", asked.Choice, string.Join(", ", Enum.GetNames<DoubtChoice>()));
        }

        if (asked.Attempt <= 0)
        {
            throw new InvalidValueException("attempt", $"{asked.Attempt}", "the attempt whose doubt was looked at, from 1 on; 'coordctl resolve' shows it");
        }

        string[] disks = [.. asked.Disks.Select(d => d.Trim()).Where(d => d.Length > 0)];
        if (disks.Length > MaxDisks || disks.Any(d => d.Length > 128 || d.Any(char.IsControl)))
        {
            throw new InvalidValueException("disks", string.Join(',', disks), $"at most {MaxDisks} names of at most 128 characters, or 'none'");
        }

        ReleaseRecord? record = asked.RecordAttempt > 0
            ? new ReleaseRecord(new AttemptNo(asked.RecordAttempt), new StoreInstanceId(asked.RecordStore), Convert.ToBase64String(asked.RecordReleased))
            : null;
        if (record is not null)
        {
            _ = FinalRecords(record);
        }

        return new VmCommand.Resolve(
            new RequestId(asked.RequestId), new AttemptNo(asked.Attempt), new DoubtResolution(choice, new SignedWord(asked.By, asked.Proof), disks.ToEquatableList(), record));
    }

    /// <summary>The source's final indices, as its agent had written them down.</summary>
    /// <exception cref="InvalidValueException">The record holds something else.</exception>
    internal static EquatableList<DeviceObservation> FinalRecords(ReleaseRecord record)
    {
        try
        {
            return DeviceReadings.Read(Released.Parser.ParseFrom(ByteString.FromBase64(record.Released)).FinalRecords, RingSide.Source);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new InvalidValueException("record.released", $"{record.Released.Length} characters", "a Released of the handoff, as 'coordinator-agent record' writes it");
        }
    }
}
