using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

/// <summary>What the adversary may do, and the bound of the search.</summary>
public sealed record SearchOptions
{
    /// <summary>How many faults may happen on one path; every set of them is tried, in every order.</summary>
    public int Faults { get; init; } = 2;

    /// <summary>1 to 3 attempts per migration.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>How many incarnations of the coordinator there may be on one path.</summary>
    public int MaxEpochs { get; init; } = 3;

    /// <summary>A client asks for cancel at any time; not counted as a fault.</summary>
    public bool Cancel { get; init; } = true;

    /// <summary>Messages may be put aside and delivered later, again and again, also from incarnations long dead.</summary>
    public bool DelayedMessages { get; init; } = true;

    /// <summary>Coordinators crash and are overtaken while they live.</summary>
    public bool CoordinatorFaults { get; init; } = true;

    public bool HostLoss { get; init; } = true;

    public bool QemuDeath { get; init; } = true;

    public bool StateWipe { get; init; } = true;

    public bool ThirdPartyCont { get; init; }

    /// <summary>A person proves lost hosts off, and resolves doubts in every way that the evidence allows; not counted as a fault.</summary>
    public bool Person { get; init; }

    /// <summary>The destination's <c>cont</c> may answer an error (image locks).</summary>
    public bool ContFails { get; init; } = true;

    public GuestBefore Guest { get; init; } = GuestBefore.Running;

    public QemuTraits Traits { get; init; } = new(QemuVersion.V10, ImageReturn.MayFailUntilDestinationEnds);

    /// <summary>
    /// A coordinator records what follows from a report in the same step in which it hears it. Sound where reports are facts that stay true; the searches with fewer faults run
    /// without it.
    /// </summary>
    public bool EagerRecording { get; init; }

    /// <summary>Agents crash.</summary>
    public bool AgentCrashes { get; init; } = true;

    /// <summary>Loads fail or meet other rings, connections fail, images do not come back. The network's own faults are always there.</summary>
    public bool QemuFaults { get; init; } = true;

    /// <summary>Keep the kinds of faults in the state, so that an outcome tells which of them led to it.</summary>
    public bool RemembersFaults { get; init; }

    public int MaxStates { get; init; } = 40_000_000;

    /// <summary>Also check that every state can still end well once faults stop.</summary>
    public bool Liveness { get; init; } = true;
}
