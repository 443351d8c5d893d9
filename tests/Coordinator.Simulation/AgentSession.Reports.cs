using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;

namespace Coordinator.Simulation;

public sealed partial class AgentSession
{
    private (SourceReport, DestinationReport, CommandFloor, LaunchId, QemuView?, bool)? _reported;
    private bool _isReportDue;

    /// <summary>What the coordinators are told.</summary>
    public HostReport Report() =>
        new(Agent.Host, Disk.Floor, Agent.Store, World.Rules.Report(Source), DestinationReport.Of(Destination), GuestView())
        {
            IsListening = _isListening && Destination.Records.Launch == _listens,
            GateFindings = _gateFindings == Destination.Records.Attempt && Destination.Records.Attempt > AttemptNo.None ? ["rings differ"] : [],
            SourceError = _sourceError,
        };

    private void NotifyChanges()
    {
        (SourceReport, DestinationReport, CommandFloor, LaunchId, QemuView?, bool) now =
            (World.Rules.Report(Source), DestinationReport.Of(Destination), Disk.Floor, Disk.Resident, GuestView(), _isListening);
        if (_reported is { } before && now == before)
        {
            return;
        }

        bool isStage = _reported is not { } old || now.Item1.Stage != old.Item1.Stage || now.Item2.Stage != old.Item2.Stage;
        if (World.Tells && isStage)
        {
            World.Tell($"{Agent.Name}/{Vm.Name}", $"source {now.Item1.Stage} (attempt {now.Item1.Attempt}), destination {now.Item2.Stage} (attempt {now.Item2.Attempt})");
        }

        _reported = now;
        World.Coverage.Saw(now.Item1.Stage, now.Item2.Stage);
        ReportSoon(atOnce: isStage && now.Item1.Stage != SourceStage.NotObserved && now.Item2.Stage != DestinationStage.NotObserved);
    }

    private void ReportSoon(bool atOnce)
    {
        if (atOnce)
        {
            SendReport();
        }
        else if (!_isReportDue)
        {
            _isReportDue = true;
            Agent.After(100_000, () =>
            {
                if (_isReportDue)
                {
                    SendReport();
                }
            });
        }
    }

    private void SendReport()
    {
        _isReportDue = false;
        AgentReport report = new(Agent.LifeId, Agent.NextSequence(), Report(), _isListening ? _listens : LaunchId.None, _rehearsed);
        foreach (Incarnation incarnation in Vm.Incarnations)
        {
            World.Network.Send(Agent, incarnation.Node, () => incarnation.Hear(report));
        }
    }
}

/// <param name="Stream">The launch that listens there; none while nothing does.</param>
/// <param name="Rehearsed">The newest attempt whose handoff was rehearsed from here.</param>
public sealed record AgentReport(Guid Life, long Sequence, HostReport Report, LaunchId Stream, AttemptNo Rehearsed);
