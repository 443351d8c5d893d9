using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Coordinator.Chaos.Cells;
using Coordinator.Chaos.Laboratory;
using Coordinator.Chaos.Evidence;
using Coordinator.Domain;
using Coordinator.Failpoints;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Faults;

/// <summary>
/// One fault on a laboratory, from its beginning to its end, written down as a part of the history. What was killed is started again at once, as its supervisor does; what was
/// stopped or cut comes back after longer than every time-out that it can meet.
/// </summary>
internal sealed class Strike(ChaosLab lab, CellFault fault, string vm)
{
    /// <summary>
    /// Beyond the deadline of the switchover (1 s), the keep-alives of both channels (2 and 4 s), the preparation's deadline (7 s) and the coordinator's wait for the end of a
    /// switchover (7 s). Not beyond the 30 s after which a result is given with its debt still owed.
    /// </summary>
    private static readonly TimeSpan s_stopped = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_frozen = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_linkDown = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(60);
    private static readonly HostName s_alpha = new(Deployment.Alpha);
    private static readonly HostName s_beta = new(Deployment.Beta);

    private readonly List<HistoryRecord> _records = [];
    private readonly List<Task> _restarts = [];
    private HeldJournal? _heldJournal;

    /// <summary>What befell whom, in microseconds of this machine's clock.</summary>
    public IReadOnlyList<HistoryRecord> Records => _records;

    /// <summary>Returns when it has struck.</summary>
    public async Task BeginAsync()
    {
        foreach (Part part in Killed())
        {
            Note(new FaultBegan(Micros(), PartyOf(part), FaultKind.Dead));
            await part.KillAsync();
        }

        foreach (Part part in Stopped())
        {
            Note(new FaultBegan(Micros(), PartyOf(part), FaultKind.Stopped));
            part.Freeze();
        }

        foreach (ObservedQemu qemu in Qemus())
        {
            Note(new FaultBegan(Micros(), Party.Qemu(Copy.OfLaunch(new HostName(qemu.Host), qemu.Launch)), FaultKind.Dead));
            ProcessSignal.Kill(qemu.Pid);
        }

        // A killed process takes its time; until it is dead, what is sent to its monitor is taken.
        await Eventually.BecomesTrue(() => Qemus().Count == 0, s_readyLimit, "the killed QEMU to be dead");

        SetLinks(fault switch
        {
            CellFault.CutBetweenHosts => LinkMode.Cut,
            CellFault.FreezeBetweenHosts or CellFault.FreezeLinksFor20Seconds => LinkMode.Frozen,
            CellFault.OneWayBetweenHosts => LinkMode.OneWay,
            CellFault.DelayBetweenHosts => LinkMode.Delayed,
            _ => LinkMode.Pass,
        });
        BeginOthers();
        foreach (Part part in Killed())
        {
            part.Start();
            _restarts.Add(NoteReadyAsync(part));
        }
    }

    /// <summary>Returns when everything that can come back has.</summary>
    public async Task EndAsync()
    {
        TimeSpan lasts = fault switch
        {
            CellFault.CutBetweenHosts => s_cut,
            CellFault.FreezeBetweenHosts => s_frozen,
            CellFault.FreezeLinksFor20Seconds => s_linkDown,
            CellFault.OneWayBetweenHosts or CellFault.DelayBetweenHosts or CellFault.SwallowHandoff or CellFault.FullAgentDisks or CellFault.SlowDisks => s_frozen,
            CellFault.CutCoordinatorLinks or CellFault.FreezeCoordinatorLinks or CellFault.HoldJournal or CellFault.FullJournalDisk => s_stopped,
            _ when Stopped().Any() => s_stopped,
            _ => TimeSpan.Zero,
        };
        if (lasts > TimeSpan.Zero)
        {
            await Eventually.Lasts(lasts);
        }

        foreach (Part part in Stopped())
        {
            part.Thaw();
            Note(new FaultEnded(Micros(), PartyOf(part), FaultKind.Stopped));
        }

        if (lab.Stream.Mode != LinkMode.Pass)
        {
            SetLinks(LinkMode.Pass);
        }

        EndOthers();

        await Task.WhenAll(_restarts);
    }

    public static long Micros() => MicrosOf(DateTimeOffset.UtcNow);

    public static long MicrosOf(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    private void BeginOthers()
    {
        switch (fault)
        {
            case CellFault.SwallowHandoff:
                lab.Handoff.Mode = LinkMode.Swallowing;
                Note(new FaultBegan(Micros(), Party.AgentLink(s_alpha, s_beta), FaultKind.Cut));
                break;
            case CellFault.CutCoordinatorLinks or CellFault.FreezeCoordinatorLinks:
                foreach (TcpLink link in lab.CoordinatorLinks.Values)
                {
                    link.Mode = fault == CellFault.CutCoordinatorLinks ? LinkMode.Cut : LinkMode.Frozen;
                }

                NoteCoordinatorLinks(party => new FaultBegan(Micros(), party, FaultKind.Cut));
                break;
            case CellFault.CloseMonitors:
                foreach (ObservedQemu qemu in lab.Observer.Of(vm).Where(qemu => qemu.IsAlive))
                {
                    MonitorCloser.Close(qemu.Pid);
                }

                break;
            case CellFault.HoldJournal:
                _heldJournal = new HeldJournal(lab.JournalFile);
                Note(new FaultBegan(Micros(), Party.Database("journal"), FaultKind.Stopped));
                break;
            case CellFault.FullJournalDisk:
                lab.JournalDisk.Fill();
                Note(new FaultBegan(Micros(), Party.Database("journal"), FaultKind.Stopped));
                break;
            case CellFault.FullAgentDisks:
                foreach (SmallDisk disk in lab.AgentDisks)
                {
                    disk.Fill();
                }

                NoteAgents(party => new FaultBegan(Micros(), party, FaultKind.Stopped));
                break;
            case CellFault.SlowDisks:
                foreach (string file in SlowPoints())
                {
                    File.WriteAllText(file, "delay 300ms");
                }

                NoteAgents(party => new FaultBegan(Micros(), party, FaultKind.Slowed));
                break;
            default:
                break;
        }
    }

    private void EndOthers()
    {
        switch (fault)
        {
            case CellFault.SwallowHandoff:
                lab.Handoff.Mode = LinkMode.Pass;
                Note(new FaultEnded(Micros(), Party.AgentLink(s_alpha, s_beta), FaultKind.Cut));
                break;
            case CellFault.CutCoordinatorLinks or CellFault.FreezeCoordinatorLinks:
                foreach (TcpLink link in lab.CoordinatorLinks.Values)
                {
                    link.Mode = LinkMode.Pass;
                }

                NoteCoordinatorLinks(party => new FaultEnded(Micros(), party, FaultKind.Cut));
                break;
            case CellFault.HoldJournal:
                _heldJournal?.Dispose();
                Note(new FaultEnded(Micros(), Party.Database("journal"), FaultKind.Stopped));
                break;
            case CellFault.FullJournalDisk:
                lab.JournalDisk.Empty();
                Note(new FaultEnded(Micros(), Party.Database("journal"), FaultKind.Stopped));
                break;
            case CellFault.FullAgentDisks:
                foreach (SmallDisk disk in lab.AgentDisks)
                {
                    disk.Empty();
                }

                NoteAgents(party => new FaultEnded(Micros(), party, FaultKind.Stopped));
                break;
            case CellFault.SlowDisks:
                foreach (string file in SlowPoints())
                {
                    File.Delete(file);
                }

                NoteAgents(party => new FaultEnded(Micros(), party, FaultKind.Slowed));
                break;
            default:
                break;
        }
    }

    /// <summary>Every place before a commit, in every part.</summary>
    private IEnumerable<string> SlowPoints() => lab.Parts.SelectMany(part => FailpointCatalogue.All.Keys
        .Where(name => name.EndsWith(".before", StringComparison.Ordinal) && (name.Contains(".persist.", StringComparison.Ordinal) || name.Contains(".register.", StringComparison.Ordinal)))
        .Select(name => Path.Combine(lab.FailpointsOf(part), name)));

    private void NoteAgents(Func<Party, HistoryRecord> record)
    {
        Note(record(Party.Agent(s_alpha)));
        Note(record(Party.Agent(s_beta)));
    }

    private void NoteCoordinatorLinks(Func<Party, HistoryRecord> record)
    {
        Note(record(Party.CoordinatorLink(s_alpha)));
        Note(record(Party.CoordinatorLink(s_beta)));
    }

    private void SetLinks(LinkMode mode)
    {
        if (mode == lab.Stream.Mode)
        {
            return;
        }

        foreach (Party party in new[] { Party.AgentLink(s_alpha, s_beta), Party.MigrationStream(s_alpha, s_beta) })
        {
            Note(mode == LinkMode.Pass ? new FaultEnded(Micros(), party, FaultKind.Cut) : new FaultBegan(Micros(), party, FaultKind.Cut));
        }

        lab.Handoff.Mode = mode;
        lab.Stream.Mode = mode;
    }

    private IEnumerable<Part> Killed() => fault switch
    {
        CellFault.KillServer => [lab.Deployment.Coordinators[0]],
        CellFault.KillSourceAgent or CellFault.KillSourceAgentAndQemu => [lab.SourceAgent],
        CellFault.KillDestinationAgent => [lab.DestinationAgent],
        CellFault.KillBothAgents => [lab.SourceAgent, lab.DestinationAgent],
        CellFault.KillServerAndSourceAgent => [lab.Deployment.Coordinators[0], lab.SourceAgent],
        _ => [],
    };

    private IEnumerable<Part> Stopped() => fault switch
    {
        CellFault.StopServer => [lab.Deployment.Coordinators[0]],
        CellFault.StopSourceAgent => [lab.SourceAgent],
        CellFault.StopDestinationAgent => [lab.DestinationAgent],
        _ => [],
    };

    private IReadOnlyList<ObservedQemu> Qemus()
    {
        string? host = fault switch
        {
            CellFault.KillSourceQemu or CellFault.KillSourceAgentAndQemu => Deployment.Alpha,
            CellFault.KillDestinationQemu => Deployment.Beta,
            _ => null,
        };
        return [.. lab.Observer.Of(vm).Where(qemu => qemu.Host == host && qemu.IsAlive)];
    }

    private Party PartyOf(Part part) =>
        part == lab.SourceAgent ? Party.Agent(s_alpha) : part == lab.DestinationAgent ? Party.Agent(s_beta) : Party.Coordinator(part.Name);

    /// <summary>It listens where its peers dial.</summary>
    private async Task NoteReadyAsync(Part part)
    {
        IPEndPoint end = part == lab.SourceAgent ? Agent(Deployment.Alpha) : part == lab.DestinationAgent ? Agent(Deployment.Beta) : new IPEndPoint(IPAddress.Loopback, Deployment.FirstApiPort);
        await Eventually.Becomes(async () => await ListensAsync(end) ? "" : null, s_readyLimit, string.Create(CultureInfo.InvariantCulture, $"{part.Name} to listen"), lab.Deployment.Log);
        Note(new FaultEnded(Micros(), PartyOf(part), FaultKind.Dead));
    }

    private IPEndPoint Agent(string host) => new(IPAddress.Parse(lab.Deployment.StreamAddress(host)), Deployment.HandoffPort);

    private async Task<bool> ListensAsync(IPEndPoint end)
    {
        using Socket probe = NamespaceSocket.Tcp(lab.Deployment.Network.Namespace);
        try
        {
            await probe.ConnectAsync(end);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Note(HistoryRecord record)
    {
        lock (_records)
        {
            _records.Add(record);
        }
    }
}
