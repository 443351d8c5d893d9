namespace Coordinator.Agent.Definitions;

/// <summary>
/// QEMU options that a definition must not hold, each with what to do instead. Names as in qemu-options.hx of 7.2 and 10.0; QEMU takes one or two
/// dashes and no abbreviations.
/// </summary>
internal static class ReservedOptions
{
    private const string Monitor = "the agent must own every monitor, because anybody on a second one could start a stopped copy of the guest. Remove it; "
        + "to adopt a QEMU that runs already, give its socket as adopt.qmpSocket";

    private static readonly Dictionary<string, string> Advice = new(StringComparer.Ordinal)
    {
        ["incoming"] = "the agent adds it itself when this host is the destination. Remove it",
        ["S"] = "the agent starts every guest stopped and continues it itself. Remove it",
        ["daemonize"] = "the agent detaches QEMU itself and must know its process from the first moment. Remove it",
        ["name"] = "the agent adds it from 'name' of the definition. Remove it",
        ["qmp"] = Monitor,
        ["qmp-pretty"] = Monitor,
        ["mon"] = Monitor,
        ["monitor"] = Monitor,
        ["gdb"] = "a debugger could start a stopped copy of the guest. Remove it",
        ["s"] = "a debugger (-gdb) could start a stopped copy of the guest. Remove it",
        ["loadvm"] = "every later launch would go back to that snapshot, on the destination too. Load the snapshot by hand and adopt the QEMU",
        ["snapshot"] = "it writes the guest's disk changes to a temporary file of one host, and a migration would lose them. Make an overlay image that both "
            + "hosts reach",
        ["preconfig"] = "QEMU then waits for commands that the agent does not send. Remove it",
        ["readconfig"] = "options in another file are not part of the definition, so two hosts could launch different machines. Write them as arguments",
        ["h"] = Informational,
        ["help"] = Informational,
        ["?"] = Informational,
        ["version"] = Informational,
    };

    private const string Informational = "QEMU would print and exit. Remove it";

    // Options whose value may be any text of a person's choice, even one that looks like an option.
    private static readonly HashSet<string> FreeValued = new(StringComparer.Ordinal) { "append", "kernel", "initrd", "fw_cfg" };

    // Character devices of these options may be given as "mon:..." and then carry a human monitor too.
    private static readonly HashSet<string> SerialPorts = new(StringComparer.Ordinal) { "serial", "parallel", "debugcon" };

    /// <summary>Calls <paramref name="refuse"/> with the index of each argument that is refused, and the sentence.</summary>
    public static void Check(IReadOnlyList<string> arguments, Action<int, string> refuse)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var previous = i == 0 ? null : OptionName(arguments[i - 1]);
            if (previous is not null && FreeValued.Contains(previous))
            {
                continue;
            }

            if (OptionName(arguments[i]) is { } name && Advice.TryGetValue(name, out var advice) && !IsNoMonitor(arguments, i, name))
            {
                refuse(i, $"the argument {arguments[i]} is not accepted: {advice}.");
            }
            else if (previous is not null && SerialPorts.Contains(previous) && arguments[i].StartsWith("mon:", StringComparison.Ordinal))
            {
                refuse(i, $"{arguments[i - 1]} {arguments[i]} is not accepted: {Monitor}.");
            }
            else if (previous == "chardev" && arguments[i].Contains("id=" + QemuCommandLine.ReservedIdPrefix, StringComparison.Ordinal))
            {
                refuse(i, $"ids that begin with '{QemuCommandLine.ReservedIdPrefix}' are the agent's own; choose another id.");
            }
        }
    }

    // -monitor none is what the agent adds as well.
    private static bool IsNoMonitor(IReadOnlyList<string> arguments, int i, string name) =>
        name == "monitor" && i + 1 < arguments.Count && arguments[i + 1] == "none";

    public static string? OptionName(string argument) => argument switch
    {
        ['-', '-', _, ..] => argument[2..],
        ['-', _, ..] => argument[1..],
        _ => null,
    };
}
