using Akka.Actor;
using Coordinator.Contracts;

namespace Coordinator.Actors.Admission;

/// <summary>From an entity to its node's desk: it wants a slot, or holds one. Said again whenever something of it changes.</summary>
internal sealed record ShowSlot(SlotEntry Entry) : INoSerializationVerificationNeeded;

/// <summary>From an entity to its node's desk: neither any more.</summary>
internal sealed record LeaveSlot(string Vm) : INoSerializationVerificationNeeded;

/// <summary>To an entity: the attempt after so many may be opened.</summary>
internal sealed record SlotGiven(Guid Migration, int Attempt) : INoSerializationVerificationNeeded;

/// <summary>To an entity: why it has to wait.</summary>
internal sealed record SlotDelayed(Guid Migration, string Sentence) : INoSerializationVerificationNeeded;
