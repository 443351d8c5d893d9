namespace Coordinator.History.Tests.Replay;

/// <summary>What QEMU 7.2.22 and 10.0.2 did, as the measuring scripts printed it (one machine, events by the time of their reading).</summary>
internal static class MeasuredTraces
{
    /// <summary>No capabilities, the destination starts by itself. (The first question was printed with the rounded time of what followed it.)</summary>
    internal const string PlainV7 = """
        3.700 dst launched autostart
        3.762 dst << MIGRATION {"status": "setup"}
        3.762 dst >> migrate-incoming {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        4.762 src run=running/running=True migrate=none
        4.764 src << MIGRATION {"status": "setup"}
        4.764 src >> migrate {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        4.764 dst << MIGRATION {"status": "active"}
        4.766 src << MIGRATION_PASS {"pass": 1}
        4.766 src << MIGRATION {"status": "active"}
        5.464 src << MIGRATION_PASS {"pass": 2}
        5.465 src << STOP {}
        5.471 src << MIGRATION {"status": "completed"}
        5.472 dst << RESUME {}
        5.472 dst << MIGRATION {"status": "completed"}
        6.472 [after] src: run=postmigrate/running=False migrate=completed
        6.476 [after] dst: run=running/running=True migrate=completed
        """;

    internal const string PlainV10 = """
        3.800 dst launched autostart
        3.863 dst << MIGRATION {"status": "setup"}
        3.863 dst >> migrate-incoming {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        4.866 src << MIGRATION {"status": "setup"}
        4.868 dst << MIGRATION {"status": "active"}
        4.866 src >> migrate {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        4.872 src << MIGRATION {"status": "active"}
        5.481 src << STOP {}
        5.481 src << MIGRATION {"status": "device"}
        5.506 src << MIGRATION {"status": "completed"}
        5.507 dst << RESUME {}
        5.508 dst << MIGRATION {"status": "completed"}
        6.507 [after] src: run=postmigrate/running=False migrate=completed
        6.507 [after] dst: run=running/running=True migrate=completed
        """;

    /// <summary>pause-before-switchover, the destination with -S, QEMU 10.0.</summary>
    internal const string PauseBeforeSwitchover = """
        21.500 dst launched
        21.590 dst << MIGRATION {"status": "setup"}
        21.590 dst >> migrate-incoming {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        22.590 src >> migrate-set-capabilities {"capabilities": [{"capability": "events", "state": true}, {"capability": "pause-before-switchover", "state": true}]} -> {"return": {}}
        22.591 src << MIGRATION {"status": "setup"}
        22.591 src >> migrate {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        22.596 dst << MIGRATION {"status": "active"}
        22.597 src << MIGRATION {"status": "active"}
        23.297 src << STOP {}
        23.298 src << MIGRATION {"status": "pre-switchover"}
        23.299 src: run=finish-migrate/running=False migrate=pre-switchover
        23.299 dst: run=inmigrate/running=False migrate=active
        23.800 src: run=finish-migrate/running=False migrate=pre-switchover
        23.801 dst: run=inmigrate/running=False migrate=active
        23.802 src << MIGRATION {"status": "device"}
        23.806 src << MIGRATION {"status": "completed"}
        23.801 src >> migrate-continue {"state": "pre-switchover"} -> {"return": {}}
        23.808 dst << MIGRATION {"status": "completed"}
        23.809 src: run=postmigrate/running=False migrate=completed
        23.810 dst: run=paused/running=False migrate=completed
        24.110 dst << RESUME {}
        24.110 dst >> cont {} -> {"return": {}}
        25.324 src: run=postmigrate/running=False migrate=completed
        25.325 dst: run=running/running=True migrate=completed
        25.325 src >> migrate-continue {"state": "pre-switchover"} -> {"error": {"class": "GenericError", "desc": "Migration not in expected state: completed"}}
        """;

    /// <summary>The stream's socket stalled after migrate-continue; only yank is answered.</summary>
    internal const string YankOfAStalledStream = """
        90.000 dst launched
        90.076 dst << MIGRATION {"status": "setup"}
        90.076 dst >> migrate-incoming {"uri": "unix:/tmp/mig.d"} -> {"return": {}}
        91.080 src >> migrate-set-capabilities {"capabilities": [{"capability": "pause-before-switchover", "state": true}]} -> {"return": {}}
        91.087 src << MIGRATION {"status": "setup"}
        91.086 src >> migrate {"uri": "unix:/tmp/mig.r"} -> {"return": {}}
        91.087 dst << MIGRATION {"status": "active"}
        91.089 src << MIGRATION {"status": "active"}
        91.787 src << STOP {}
        91.788 src << MIGRATION {"status": "pre-switchover"}
        91.789 src >> migrate-continue {"state": "pre-switchover"} -> {"return": {}}
        91.789 src << MIGRATION {"status": "device"}
        105.791 dst: run=inmigrate/running=False migrate=active
        105.793 src >> yank {"instances": [{"type": "migration"}]} -> {"return": {}}
        105.793 src << MIGRATION {"status": "failed"}
        105.793 src << RESUME {}
        107.793 src: run=running/running=True migrate=failed
        107.794 dst: run=inmigrate/running=False migrate=active
        107.797 dst << MIGRATION {"status": "failed"}
        """;

    private const string Begun = """
        1.000 dst launched
        1.010 dst << MIGRATION {"status": "setup"}
        1.010 dst >> migrate-incoming {"uri": "unix:/d"} -> {"return": {}}
        2.000 src >> migrate-set-capabilities {"capabilities": [{"capability": "return-path", "state": true}, {"capability": "pause-before-switchover", "state": true}]} -> {"return": {}}
        2.010 src << MIGRATION {"status": "setup"}
        2.010 src >> migrate {"uri": "unix:/d"} -> {"return": {}}
        2.012 dst << MIGRATION {"status": "active"}
        2.013 src << MIGRATION {"status": "active"}

        """;

    private const string Paused = Begun + """
        2.500 src << STOP {}
        2.501 src << MIGRATION {"status": "pre-switchover"}

        """;

    private const string Continued = Paused + """
        2.502 src >> migrate-continue {"state": "pre-switchover"} -> {"return": {}}
        2.502 src << MIGRATION {"status": "device"}

        """;

    internal const string CancelWhileActive = Begun + """
        2.100 src << MIGRATION {"status": "cancelling"}
        2.100 src >> migrate_cancel -> {"return": {}}
        2.101 src << MIGRATION {"status": "cancelled"}
        2.102 dst << MIGRATION {"status": "failed"}
        2.110 dst ended
        2.200 src run=running migrate=cancelled
        """;

    internal const string CancelInPreSwitchover = Paused + """
        2.600 src << MIGRATION {"status": "cancelling"}
        2.600 src >> migrate_cancel -> {"return": {}}
        2.601 src << RESUME {}
        2.601 src << MIGRATION {"status": "cancelled"}
        2.602 dst << MIGRATION {"status": "failed"}
        2.610 dst ended
        2.700 src run=running migrate=cancelled
        """;

    /// <summary>The source resumes, and the destination loads all the same.</summary>
    internal const string CancelInDeviceThatWins = Continued + """
        2.503 src >> migrate_cancel -> {"return": {}}
        2.503 src << MIGRATION {"status": "cancelling"}
        2.504 src << RESUME {}
        2.505 src << MIGRATION {"status": "cancelled"}
        2.506 dst << MIGRATION {"status": "completed"}
        2.600 src run=running migrate=cancelled
        2.600 dst run=paused migrate=completed
        """;

    internal const string CancelInDeviceThatLoses = Continued + """
        2.504 dst << MIGRATION {"status": "completed"}
        2.506 src << MIGRATION {"status": "completed"}
        2.503 src >> migrate_cancel -> {"return": {}}
        2.600 src run=postmigrate migrate=completed
        2.600 dst run=paused migrate=completed
        """;

    internal const string DestinationKilledWhileActive = Begun + """
        2.100 dst ended
        2.150 src << MIGRATION {"status": "failed"}
        2.200 src run=running migrate=failed
        """;

    /// <summary>The network breaks; the guest was never stopped.</summary>
    internal const string StreamBrokenWhileActive = Begun + """
        2.100 src << MIGRATION {"status": "failed"}
        2.101 dst << MIGRATION {"status": "failed"}
        2.110 dst ended
        2.200 src run=running migrate=failed
        """;

    /// <summary>The source notices nothing until it is told to continue.</summary>
    internal const string DestinationKilledInPreSwitchover = Paused + """
        2.600 dst ended
        9.600 src run=finish-migrate migrate=pre-switchover
        9.700 src << MIGRATION {"status": "device"}
        9.700 src >> migrate-continue {"state": "pre-switchover"} -> {"return": {}}
        9.701 src << MIGRATION {"status": "failed"}
        9.702 src << RESUME {}
        9.800 src run=running migrate=failed
        """;

    internal const string DestinationKilledAfterCompletion = Continued + """
        2.510 dst << MIGRATION {"status": "completed"}
        2.511 src << MIGRATION {"status": "completed"}
        2.600 dst ended
        2.700 src run=postmigrate migrate=completed
        2.800 src << RESUME {}
        2.800 src >> cont -> {"return": {}}
        2.900 src run=running migrate=completed
        """;

    internal const string SourceKilledInPreSwitchover = Paused + """
        2.600 src ended
        2.601 dst << MIGRATION {"status": "failed"}
        2.610 dst ended
        """;

    internal const string SourceKilledAfterCompletion = Continued + """
        2.510 dst << MIGRATION {"status": "completed"}
        2.511 src << MIGRATION {"status": "completed"}
        2.600 src ended
        2.700 dst run=paused migrate=completed
        2.800 dst << RESUME {}
        2.800 dst >> cont -> {"return": {}}
        """;
}
