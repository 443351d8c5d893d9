namespace Coordinator.Domain.Migration;

/// <summary>What a person may choose for a migration in doubt. Nobody else chooses, and nothing is guessed.</summary>
public enum DoubtChoice
{
    /// <summary>The guest is given up: whatever is left of it on both hosts is ended. A restart from its disks is another request.</summary>
    Lost,

    /// <summary>The source's stopped copy goes on, though the destination may have run and its disks may be newer than this memory.</summary>
    KeepSource,

    /// <summary>The destination's loaded copy goes on without the source's word, though the source may have run on and its disks may be newer than this memory.</summary>
    RunDestination,

    /// <summary>The destination's loaded copy is released from the source agent's own record that QEMU had completed; the parity gate judges as ever, nothing is rewound.</summary>
    ReleaseFromRecord,
}

/// <summary>
/// The source agent's record of a completed attempt, taken from the state directory of a host that is off (<c>coordinator-agent record</c>): its word <c>Released</c> with
/// the final indices, to be carried to the destination unchanged.
/// </summary>
/// <param name="Released">The handoff message as the agents' protocol writes it, in base64; the domain does not look into it.</param>
public sealed record ReleaseRecord(AttemptNo Attempt, StoreInstanceId DestinationStore, string Released);

/// <summary>A person's recorded word on one attempt; audited in the journal.</summary>
/// <param name="Disks">The disks that the person accepts may be rewound, or the one word "none"; for the two choices that may rewind.</param>
public sealed record DoubtResolution(DoubtChoice Choice, SignedWord Word, EquatableList<string> Disks, ReleaseRecord? Record)
{
    public bool MayRewind => Choice is DoubtChoice.KeepSource or DoubtChoice.RunDestination;
}

/// <summary>Who said something that only a person can know, and how they know it; both stand in the journal for audit.</summary>
public sealed record SignedWord
{
    /// <exception cref="InvalidValueException">One of the two is empty, too long, or has control characters.</exception>
    public SignedWord(string by, string proof)
    {
        By = Check("by", by, 128);
        Proof = Check("proof", proof, LongestProof);
    }

    /// <summary>Characters; whoever composes a proof from others' words shortens it to this.</summary>
    public const int LongestProof = 1024;

    /// <summary>1 to 128 characters.</summary>
    public string By { get; }

    /// <summary>1 to <see cref="LongestProof"/> characters, such as a ticket, or what was looked at.</summary>
    public string Proof { get; }

    public override string ToString() => $"{By}: {Proof}";

    private static string Check(string field, string? value, int longest) =>
        !string.IsNullOrWhiteSpace(value) && value.Length <= longest && !value.Any(char.IsControl)
            ? value
            : throw new InvalidValueException(field, value, $"1 to {longest} characters without control characters");
}
