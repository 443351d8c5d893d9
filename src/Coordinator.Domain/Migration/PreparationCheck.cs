using Coordinator.Domain.Virtqueues;

namespace Coordinator.Domain.Migration;

/// <summary>What one side has, as its agent read it. A word that an agent could not read is empty, and then nothing is concluded from it.</summary>
public sealed record SideLayout(string Machine, EquatableList<string> Capabilities, EquatableList<DeviceObservation> Devices);

public enum PreparationReason
{
    /// <summary>Another machine type; a versioned one, since aliases such as <c>q35</c> name another machine in every QEMU release.</summary>
    Machine,

    /// <summary>A migration capability that every attempt uses is not known to a QEMU.</summary>
    Capability,

    /// <summary>A device is missing, differs, or is broken already.</summary>
    Device,
}

public sealed record PreparationFinding(PreparationReason Reason, string Sentence);

/// <summary>
/// Compares both sides before the guest is touched, and again whenever a side shows another layout. Every difference found here would end an attempt
/// later, with the guest standing still.
/// </summary>
public static class PreparationCheck
{
    /// <summary>QMP's names of what every attempt switches on; all known to QEMU 7.2 and later.</summary>
    public static readonly EquatableList<string> NeededCapabilities = ["events", "return-path", "pause-before-switchover", "validate-uuid"];

    /// <summary>What to do about findings of kind <see cref="PreparationReason.Device"/>; the others say it themselves.</summary>
    public const string DeviceAdvice = "give the guest the same devices on both hosts ('args' and the hosts' variables in its definition)";

    /// <returns>Every difference; empty when the attempt may begin.</returns>
    public static EquatableList<PreparationFinding> Compare(SideLayout source, SideLayout destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        List<PreparationFinding> findings = [];
        if (source.Machine.Length > 0 && destination.Machine.Length > 0 && source.Machine != destination.Machine)
        {
            findings.Add(new PreparationFinding(
                PreparationReason.Machine,
                $"the machine type is '{source.Machine}' on the source and '{destination.Machine}' on the destination; "
                + "name a versioned machine type in the definition that both know"));
        }

        AddMissing(findings, source.Capabilities, "source");
        AddMissing(findings, destination.Capabilities, "destination");
        findings.AddRange(LayoutComparison.Compare(source.Devices, destination.Devices)
            .Select(f => new PreparationFinding(PreparationReason.Device, f.Reason)));
        return findings.ToEquatableList();
    }

    private static void AddMissing(List<PreparationFinding> findings, EquatableList<string> offered, string side)
    {
        if (offered.IsEmpty)
        {
            return;
        }

        List<string> missing = NeededCapabilities.Except(offered, StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
        {
            findings.Add(new PreparationFinding(
                PreparationReason.Capability,
                $"the {side}'s QEMU does not know the migration capabilities {string.Join(", ", missing)}; QEMU 7.2 or later is needed"));
        }
    }
}
