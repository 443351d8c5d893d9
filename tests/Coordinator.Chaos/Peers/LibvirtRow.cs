using Coordinator.Chaos.Cells;

namespace Coordinator.Chaos.Peers;

/// <summary>
/// One row of our measurement of libvirt 9.0 (<c>virsh migrate --live --persistent --undefinesource</c>, QEMU 10.0.2 and 7.2, November 2026), with the same fault in our parts.
/// A libvirtd's counterpart is the agent of its host; that of virsh, which drives a managed migration, is the coordinator.
/// </summary>
/// <param name="Numbers">Of the rows in that measurement.</param>
/// <param name="Fault">In libvirt's words.</param>
/// <param name="Libvirt">Its outcome, before and after the restart of what died; quoted from the measurement.</param>
/// <param name="LibvirtSteps">What a person had to do; quoted.</param>
/// <param name="Ours">The same fault here.</param>
internal sealed record LibvirtRow(string Numbers, string Fault, string Libvirt, string LibvirtSteps, Cell Ours)
{
    /// <summary>Rows 27 to 30 are about postcopy, which is not offered yet.</summary>
    public static readonly IReadOnlyList<LibvirtRow> All =
    [
        new("01 02", "kill source libvirtd, mid-Perform", "runs on A, B cleaned up; migration lost", "restart libvirtd, migrate again",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillSourceAgent)),
        new("24", "kill source libvirtd and virsh, mid-Perform", "runs on A, B cleaned up; migration lost", "restart libvirtd, migrate again",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillServerAndSourceAgent)),
        new("03", "kill source libvirtd in pre-switchover", "PAUSED until its restart, then cancelled and resumed on A", "restart libvirtd",
            new Cell(CellPlace.PreSwitchover, Moment.Before, CellFault.KillSourceAgent)),
        new("04", "kill source libvirtd at end of Perform", "NO running copy: B destroyed, A stays paused", "restart libvirtd, virsh resume on A",
            new Cell(CellPlace.Releasing, Moment.Before, CellFault.KillSourceAgent)),
        new("05", "kill source libvirtd at start of Finish", "runs on B; stale paused QEMU and definition on A; virsh exits 1", "destroy and undefine on A after checking B",
            new Cell(CellPlace.Releasing, Moment.After, CellFault.KillSourceAgent)),
        new("06", "kill source libvirtd at end of Finish", "runs on B; stale paused QEMU and definition on A; virsh exits 1", "destroy and undefine on A after checking B",
            new Cell(s_answeringRunning, Moment.Before, CellFault.KillSourceAgent)),
        new("07", "kill source libvirtd at start of Confirm", "runs on B; stale copy on A; 'virsh resume' there is accepted: TWO running", "destroy and undefine on A",
            new Cell(s_endingSource, Moment.Before, CellFault.KillSourceAgent)),
        new("08 09", "kill destination libvirtd mid-Perform", "08: noticed only when all was sent, orphan on B until restart; 09 (p2p): noticed at once", "restart B, migrate again",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillDestinationAgent)),
        new("10 11", "kill destination libvirtd at start of Finish", "A resumed; orphan paused QEMU on B until restart", "restart B",
            new Cell(CellPlace.Deciding, Moment.Before, CellFault.KillDestinationAgent)),
        new("12 13", "kill destination libvirtd at end of Finish, reply lost", "SPLIT BRAIN: A resumed AND B running, for good", "find it and destroy one side",
            new Cell(s_answeringRunning, Moment.Before, CellFault.KillDestinationAgent)),
        new("14", "kill virsh mid-Perform", "runs on A, B clean: rolled back", "migrate again",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillServer)),
        new("16", "kill virsh at end of Perform", "NO running copy, all daemons alive, never heals", "virsh resume on A",
            new Cell(CellPlace.Releasing, Moment.Before, CellFault.KillServer)),
        new("15", "kill virsh at start of Finish", "runs on B; stale paused copy on A", "destroy and undefine on A",
            new Cell(CellPlace.Releasing, Moment.After, CellFault.KillServer)),
        new("17", "kill virsh at end of Finish", "runs on B; stale paused copy on A", "destroy and undefine on A",
            new Cell(CellPlace.Verifying, Moment.Before, CellFault.KillServer)),
        new("18", "kill virsh mid-Perform, p2p", "libvirtd goes on alone: runs on B, A gone", "none",
            new Cell(CellPlace.Starting, Moment.After, CellFault.KillServer)),
        new("19", "kill destination QEMU mid-Perform", "runs on A", "none (retry)",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillDestinationQemu)),
        new("20 21", "kill destination QEMU at start of Finish", "A resumed", "none (retry)",
            new Cell(CellPlace.Deciding, Moment.Before, CellFault.KillDestinationQemu)),
        new("22", "kill source QEMU mid-Perform", "guest lost (inevitable)", "start again",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillSourceQemu)),
        new("23", "link down 20 s mid-Perform", "stalls, completes after the link is back", "none",
            new Cell(CellPlace.MidCopy, Moment.After, CellFault.FreezeLinksFor20Seconds)),
        new("25", "kill both libvirtds at end of Perform", "NO running copy; after restart B's copy destroyed, A paused", "virsh resume on A",
            new Cell(CellPlace.Releasing, Moment.Before, CellFault.KillBothAgents)),
        new("26", "kill both libvirtds at end of Finish", "runs on B; stale paused copy on A", "destroy and undefine on A",
            new Cell(s_answeringRunning, Moment.Before, CellFault.KillBothAgents)),
    ];

    /// <summary>The guest runs at the destination, durably recorded, and nobody else has been told.</summary>
    private static CellPlace s_answeringRunning => new("Switchover", "answer-running", Holder.DestinationAgent, "agent.answer.running");

    /// <summary>The verdict is there and the source's agent has been told to end its copy.</summary>
    private static CellPlace s_endingSource => new("Finishing", "step-end-source", Holder.SourceAgent, "agent.step.end-source");
}
