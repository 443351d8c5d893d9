namespace Coordinator.Domain.Draining;

/// <summary>An operator's wish that a host be empty. Durable; which guests it is about is looked up anew each time.</summary>
/// <param name="Host">To be emptied; takes no guests meanwhile.</param>
/// <param name="MaxParallel">Migrations of this job at a time, 1 or more; hosts' own limits hold besides.</param>
/// <param name="StopOnFailures">The job begins nothing more once so many guests could not be moved; 0: it goes on with the others whatever happens.</param>
public sealed record DrainJob(HostName Host, int MaxParallel, int StopOnFailures)
{
    /// <summary>A guest that could not be moved so often is left where it is: a person has to look. It runs on.</summary>
    public const int TriesPerGuest = 3;

    /// <summary>1 to this many at a time.</summary>
    public const int MostParallel = 100;

    /// <summary>Returns itself, or refuses the first value that is out of range.</summary>
    /// <exception cref="InvalidValueException">A value is out of its range.</exception>
    public DrainJob Checked()
    {
        if (MaxParallel is < 1 or > MostParallel)
        {
            throw new InvalidValueException("max_parallel", MaxParallel.ToString(System.Globalization.CultureInfo.InvariantCulture), $"1 to {MostParallel}");
        }

        return StopOnFailures >= 0
            ? this
            : throw new InvalidValueException("stop_on_failures", StopOnFailures.ToString(System.Globalization.CultureInfo.InvariantCulture), "0 (never) or more");
    }
}

/// <summary>A label of a VM, as its definition has it: <c>app=web</c>.</summary>
public readonly record struct VmLabel(string Key, string Value)
{
    public override string ToString() => $"{Key}={Value}";
}

/// <summary>What placing needs to know of one guest.</summary>
/// <param name="Vm">The guest.</param>
/// <param name="MemoryMiB">Of the guest, as its agent reported it; 0 if nobody knows.</param>
/// <param name="Labels">Of its definition.</param>
/// <param name="AntiAffinity">Keys of labels: no other guest with the same value may be on its host.</param>
public sealed record DrainGuest(VmName Vm, long MemoryMiB, EquatableList<VmLabel> Labels, EquatableList<string> AntiAffinity)
{
    /// <summary>A migration of it is under way, to this host; null for none.</summary>
    public HostName? GoesTo { get; init; }

    /// <summary>That migration has not begun, so that nothing is reserved for it at its destination.</summary>
    public bool IsQueued { get; init; }

    /// <summary>That migration is this job's.</summary>
    public bool IsOurs { get; init; }

    /// <summary>How often this job has tried in vain.</summary>
    public int Failures { get; init; }

    /// <summary>Where the last try went.</summary>
    public HostName? FailedAt { get; init; }

    /// <summary>It is too early for another try.</summary>
    public bool BacksOff { get; init; }

    /// <summary>Why it cannot be moved now, whatever the destination: it is starting, in doubt ...; empty if nothing is in the way.</summary>
    public string Obstacle { get; init; } = "";

    internal bool IsGivenUp => Failures >= DrainJob.TriesPerGuest;
}

/// <summary>What placing needs to know of one host.</summary>
/// <param name="Host">The host.</param>
/// <param name="IsConnected">Its agent is.</param>
/// <param name="CordonedBecause">Null unless an operator keeps guests away.</param>
/// <param name="Driver">Guests never move between drivers.</param>
/// <param name="MemoryFreeMiB">As its agent last reported it, what is promised to arriving guests taken off.</param>
/// <param name="Residents">Guests that are there or on their way.</param>
public sealed record DrainHost(HostName Host, bool IsConnected, string? CordonedBecause, string Driver, long MemoryFreeMiB, EquatableList<DrainGuest> Residents);
