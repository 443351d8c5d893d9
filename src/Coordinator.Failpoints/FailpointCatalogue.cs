using System.Text;

namespace Coordinator.Failpoints;

/// <summary>
/// Every failpoint there is. Names follow from what the domain's types are called, so that a test can say which event, effect or message has none; each place is hit before and
/// after what is done there.
/// </summary>
public static class FailpointCatalogue
{
    private static readonly (string Family, string Meaning, string[] Kinds)[] s_places =
    [
        ("agent.source.persist", "the source's record of '{0}' is committed",
            ["attempt-started", "tombstoned", "completion-recorded", "refusal-stored", "foreign-run-seen", "kept-by-word", "overruled"]),
        ("agent.destination.persist", "the destination's record of '{0}' is committed, its register first",
            ["register-opened", "run-set", "refused-set", "withdrawal-begun", "run-withdrawn", "running-recorded", "overruled"]),
        ("agent.register", "the register file: {0}, written and synced", ["open", "set-run", "set-refused", "withdraw"]),
        ("agent.floor", "the epoch floor: {0}, committed with the step that brought it", ["raise"]),
        ("agent.step", "a coordinator's step '{0}': on receipt, and when its answer is about to leave",
            [
                "fence", "launch", "end-vm", "prepare", "rehearse", "start", "cancel", "end-source", "clean-up", "abandon", "keep-source", "run-destination", "carry-release", "end-overruled",
                "give-up-source",
            ]),
        ("agent.source.effect", "the source's effect '{0}': before QEMU or the disk is asked, and when it has answered",
            ["observe", "issue-migrate", "cancel-migrate", "continue-switchover", "yank-stream", "send-to-destination", "record-completion", "continue-guest", "stop-foreign-run", "end-qemu"]),
        ("agent.destination.effect", "the destination's effect '{0}': before QEMU is asked, and when it has answered",
            ["observe", "launch-incoming", "judge-gate", "continue-guest", "end-qemu", "stop-foreign-run"]),
        ("agent.guest", "an ordinary guest of this host: {0}", ["launch", "continue-fresh", "end-ordered"]),
        ("agent.handoff", "the message '{0}': before the source agent sends it, after the destination agent has it", ["released", "refuse"]),
        ("agent.answer", "the register's answer '{0}': before the destination agent sends it, after the source agent has it",
            ["undecided", "gate-closed", "run", "running", "refused", "unknown"]),
        ("coordinator.persist", "the VM's entity journals '{0}'",
            [
                "incarnation-started", "vm-start-ordered", "vm-resident", "vm-stop-ordered", "vm-gone", "migration-requested", "migration-scheduled", "attempt-opened",
                "destination-prepared", "rehearsal-completed", "switchover-authorized", "iteration-completed", "cancel-requested", "phase-timed-out", "start-refused",
                "switchover-entered", "guest-runs-at-destination", "blackout-measured", "queues-judged", "verdict-reached", "attempt-ended", "gate-refused", "debt-settled",
                "doubt-raised", "guest-lost", "migration-ended", "host-proven-off", "doubt-resolved", "resolution-failed", "foreign-run-reported",
                "residence-corrected",
            ]),
        ("coordinator.step", "the VM's entity sends the step '{0}' to an agent: before it is sent, and when its answer has come",
            [
                "fence", "launch-vm", "end-vm", "prepare-destination", "rehearse", "start-attempt", "cancel-attempt", "clean-up-destination", "abandon-destination", "end-source", "keep-source-by-word",
                "give-up-source", "run-destination-by-word", "carry-release", "end-overruled",
            ]),
    ];

    private static readonly Dictionary<string, string> s_all = Build();

    /// <summary>Name and meaning, in the order of a migration's parts.</summary>
    public static IReadOnlyDictionary<string, string> All => s_all;

    public static string Before(string place) => place + ".before";

    public static string After(string place) => place + ".after";

    /// <summary>The place for one kind: <c>agent.source.persist</c> and <c>AttemptStarted</c> give <c>agent.source.persist.attempt-started</c>.</summary>
    public static string Place(string family, string kind)
    {
        StringBuilder text = new(family);
        text.Append('.');
        for (int i = 0; i < kind.Length; i++)
        {
            if (char.IsUpper(kind[i]) && i > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(kind[i]));
        }

        return text.ToString();
    }

    private static Dictionary<string, string> Build()
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        foreach ((string family, string meaning, string[] kinds) in s_places)
        {
            foreach (string kind in kinds)
            {
                all.Add(Before($"{family}.{kind}"), "before: " + meaning.Replace("{0}", kind, StringComparison.Ordinal));
                all.Add(After($"{family}.{kind}"), "after: " + meaning.Replace("{0}", kind, StringComparison.Ordinal));
            }
        }

        return all;
    }
}
