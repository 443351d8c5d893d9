namespace Coordinator.Cli.Chaos;

/// <summary>Printed by <c>coordctl chaos run --example</c>, and read by its test.</summary>
internal static class ExamplePlan
{
    public const string Text = """
        # What 'coordctl chaos run' breaks, in a cluster of yours. Commands run here, by sh -c, with VM, SOURCE and DESTINATION in their environment.
        vms: [web-1]              # may be moved at any time, and lost if a fault says mayLose
        hosts: [alpha, beta]      # between these
        settleSeconds: 120        # after a fault's end everything is over within this time
        clockToleranceMs: 0       # how far the hosts' clocks may differ
        # histories: [/var/lib/coordinator/history]   # what agents started with COORDINATOR_HISTORY=DIR have recorded; judged at the end
        faults:
          - name: the source's agent is killed
            strike: ssh "$SOURCE" systemctl kill --signal KILL coordinator-agent    # systemd starts it again
            hits: source-agent    # who is away: a guest that stands still meanwhile is excused if nobody else may act
            as: dead              # dead, stopped, cut or slowed
          - name: the destination's agent hangs
            strike: ssh "$DESTINATION" systemctl kill --signal STOP coordinator-agent
            heal: ssh "$DESTINATION" systemctl kill --signal CONT coordinator-agent
            lastsMs: 8000
            during: [Iterating, Switchover]     # default: every phase, by lot
            hits: destination-agent
            as: stopped
          - name: the guest's QEMU is killed
            strike: ssh "$SOURCE" "pkill -KILL -f '[g]uest=$VM,'"     # the bracket keeps pkill from meeting its own command line
            mayLose: true         # it may kill the only copy; without this a lost guest is a violation
        """;
}
