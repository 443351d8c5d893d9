using System.Globalization;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

public enum TriggerKind
{
    /// <summary>After so many steps of the whole.</summary>
    Step,

    /// <summary>So many steps after the VM's journal entered a phase.</summary>
    Phase,

    /// <summary>So many steps after the source's QEMU said a status word.</summary>
    Status,
}

/// <param name="Value">Of the phase or the status; nothing for a step.</param>
/// <param name="Steps">Events of the simulation; at the moment itself when 0.</param>
public readonly record struct Trigger(TriggerKind Kind, int Value, int Steps)
{
    public override string ToString() => Kind switch
    {
        TriggerKind.Step => string.Create(CultureInfo.InvariantCulture, $"at step {Steps}"),
        TriggerKind.Phase => string.Create(CultureInfo.InvariantCulture, $"{Steps} steps after {(MigrationPhase)Value}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Steps} steps after '{((MigrationStatus)Value).ToQmp()}'"),
    };
}

/// <param name="Vm">Whose course triggers it, and who suffers it when it is about one VM.</param>
/// <param name="Pick">Which of the parties, links or places that it may hit.</param>
/// <param name="DurationMs">Of what passes again.</param>
public sealed record Fault(FaultKind Kind, int Vm, Trigger When, int Pick, int DurationMs)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Kind} (VM {Vm}, {When}, pick {Pick}, {DurationMs} ms)");
}

/// <summary>What is promised beyond safety and a good end, when only some things go wrong and deadlines are long.</summary>
public enum Promise
{
    None,

    /// <summary>Every migration ends as succeeded; the attempts that the policy allows may be needed.</summary>
    Succeeds,

    /// <summary>What failed cost no attempt.</summary>
    SucceedsAtFirstAttempt,

    /// <summary>And no deadline, no repetition, no time.</summary>
    SucceedsAtOnce,
}

/// <summary>One schedule: the seed gives every delay and choice; the rest is drawn from it too, but stands here so that shrinking can take it away.</summary>
public sealed record Schedule(ulong Seed)
{
    public int Hosts { get; init; } = 2;

    public int Vms { get; init; } = 1;

    /// <summary>Migrations that each VM's client asks for, one after the other.</summary>
    public int Migrations { get; init; } = 1;

    public int MaxAttempts { get; init; } = 1;

    public GuestBefore Guest { get; init; }

    public QemuTraits Traits { get; init; }

    /// <summary>Chance that a migration is cancelled at some time.</summary>
    public double Cancels { get; init; }

    /// <summary>Chance that a request is sent twice, by the same id.</summary>
    public double Repeats { get; init; }

    /// <summary>Deadlines so long that only a fault, a cancel or a defect can make one pass, and no step of QEMU that takes unusually long.</summary>
    public bool Leisure { get; init; }

    /// <summary>Somebody answers the alert of a doubt.</summary>
    public bool Person { get; init; }

    public double Loss { get; init; }

    public double Doubling { get; init; }

    /// <summary>Chance of a message to be late by up to 20 s.</summary>
    public double Lateness { get; init; }

    public IReadOnlyList<Fault> Faults { get; init; } = [];

    public int FaultCount => Faults.Count + (Loss > 0 ? 1 : 0) + (Doubling > 0 ? 1 : 0) + (Lateness > 0 ? 1 : 0);

    /// <summary>Swarm testing: first which kinds of fault this schedule has at all, then which of them happen and when.</summary>
    /// <param name="seed">Every seed is a schedule.</param>
    /// <param name="maxFaults">0 to so many faults.</param>
    /// <param name="kinds">Kinds to draw from; all when null.</param>
    public static Schedule Draw(ulong seed, int maxFaults = 6, IReadOnlyList<FaultKind>? kinds = null)
    {
        Dice dice = Dice.Of(seed, -1);
        double share = dice.Pick<double>([0.1, 0.25, 0.5, 1.0]);
        List<FaultKind> swarm = (kinds ?? DefaultKinds).Where(_ => dice.Chance(share)).ToList();
        int wanted = dice.Below(maxFaults + 1);
        int vms = dice.Pick<int>([1, 1, 1, 1, 2, 3]);
        int migrations = dice.Pick<int>([1, 1, 2, 3]);
        List<Fault> faults = [];
        Schedule schedule = new(seed)
        {
            Hosts = dice.Pick<int>([2, 2, 3, 4]),
            Vms = vms,
            Migrations = migrations,
            MaxAttempts = dice.Pick<int>([1, 1, 2, 3]),
            Guest = dice.Pick<GuestBefore>([GuestBefore.Running, GuestBefore.Running, GuestBefore.Running, GuestBefore.Running, GuestBefore.Running, GuestBefore.Running, GuestBefore.PausedByUser, GuestBefore.NeverRan]),
            Traits = new QemuTraits(
                dice.Pick<QemuVersion>([QemuVersion.V7, QemuVersion.V10]), dice.Pick<ImageReturn>([ImageReturn.GuestRunsAllTheSame, ImageReturn.MayFailUntilDestinationEnds])),
            Cancels = dice.Pick<double>([0, 0, 0.3, 1]),
            Repeats = dice.Pick<double>([0, 0.5]),
            Person = dice.Chance(0.5),
        };
        for (int i = 0; i < wanted && swarm.Count > 0; i++)
        {
            FaultKind kind = dice.Pick(swarm);
            double rate = dice.Pick<double>([0.01, 0.05, 0.2]);
            switch (kind)
            {
                case FaultKind.MessagesLost:
                    schedule = schedule with { Loss = rate };
                    break;
                case FaultKind.MessagesDoubled:
                    schedule = schedule with { Doubling = rate };
                    break;
                case FaultKind.MessagesLate:
                    schedule = schedule with { Lateness = rate };
                    break;
                default:
                    faults.Add(new Fault(kind, dice.Below(vms), DrawTrigger(dice, migrations), dice.Below(1 << 16), (int)dice.Pick<long>(
                        [dice.Between(1, 50), dice.Between(50, 1_000), dice.Between(1_000, 8_000), dice.Between(8_000, 25_000)])));
                    break;
            }
        }

        return schedule with { Faults = faults };
    }

    /// <summary>Somebody else's <c>cont</c> of a copy that is not granted makes two copies at once: no protocol prevents it, so it is drawn only where it is asked for.</summary>
    private static readonly FaultKind[] DefaultKinds =
        FaultKinds.All.Where(k => k is not (FaultKind.ThirdPartyContAtSource or FaultKind.ThirdPartyContAtDestination)).ToArray();

    public Promise Promise { get; init; }

    /// <summary>Nothing fails and nobody hurries.</summary>
    public static Schedule DrawUndisturbed(ulong seed) => Leisurely(Draw(seed, maxFaults: 0)) with { Promise = Promise.SucceedsAtOnce };

    /// <summary>Coordinators and their journal fail as they like: agents and guests must not notice.</summary>
    public static Schedule DrawCoordinatorFaults(ulong seed) => Leisurely(Draw(seed, maxFaults: 4, CoordinatorFaults)) with { Promise = Promise.SucceedsAtFirstAttempt };

    /// <summary>Messages are lost, doubled and late.</summary>
    public static Schedule DrawBadNetwork(ulong seed) => Leisurely(Draw(seed, maxFaults: 4, NetworkFaults)) with { Promise = Promise.SucceedsAtFirstAttempt };

    /// <summary>Fewer faults of stream and agents than there are attempts.</summary>
    public static Schedule DrawBrokenAttempts(ulong seed) => Leisurely(Draw(seed, maxFaults: 2, AttemptFaults)) with { MaxAttempts = 3, Migrations = 1, Promise = Promise.Succeeds };

    private static readonly FaultKind[] CoordinatorFaults =
        [FaultKind.CoordinatorCrash, FaultKind.CoordinatorOvertaken, FaultKind.CoordinatorPause, FaultKind.JournalSlow, FaultKind.JournalDown];

    private static readonly FaultKind[] NetworkFaults = [FaultKind.MessagesLost, FaultKind.MessagesDoubled, FaultKind.MessagesLate];

    private static readonly FaultKind[] AttemptFaults =
    [
        FaultKind.ConnectionRefused, FaultKind.StreamBreaks, FaultKind.TailLost, FaultKind.AcknowledgementLost, FaultKind.LoadFails, FaultKind.RingsDiffer, FaultKind.ContFails,
        FaultKind.AgentCrash, FaultKind.AgentPause, FaultKind.AgentDiskSlow,
    ];

    private static Schedule Leisurely(Schedule drawn) => drawn with
    {
        Leisure = true,
        Cancels = 0,
        Person = false,
        Guest = drawn.Guest == GuestBefore.Running || drawn.Faults.Count == 0 ? drawn.Guest : GuestBefore.Running,
        Faults = [.. drawn.Faults.Select(f => f with { DurationMs = Math.Min(f.DurationMs, 4_000) })],
    };

    private static Trigger DrawTrigger(Dice dice, int migrations) => dice.Below(3) switch
    {
        0 => new Trigger(TriggerKind.Step, 0, dice.Below(300 * migrations)),
        1 => new Trigger(TriggerKind.Phase, dice.Below(Enum.GetValues<MigrationPhase>().Length), dice.Below(dice.Pick<int>([5, 40]))),
        _ => new Trigger(
            TriggerKind.Status,
            (int)dice.Pick<MigrationStatus>([MigrationStatus.Setup, MigrationStatus.Active, MigrationStatus.PreSwitchover, MigrationStatus.Device, MigrationStatus.Completed, MigrationStatus.Cancelling]),
            dice.Below(dice.Pick<int>([5, 40]))),
    };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}: {Hosts} hosts, {Vms} VMs, {Migrations} migrations of at most {MaxAttempts} attempts, guest {Guest}, {Traits.Version} {Traits.ImageReturn}, cancels {Cancels}, repeats {Repeats}, person {Person}, leisure {Leisure}, promise {Promise}, loss {Loss}, doubling {Doubling}, lateness {Lateness}")
        + string.Concat(Faults.Select(f => $"{Environment.NewLine}  fault: {f}"));
}
