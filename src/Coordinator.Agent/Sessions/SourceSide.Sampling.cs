using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Sessions;

internal sealed partial class SourceSide
{
    private bool _isSampling;
    private bool _isReadingLayout;
    private int _pass;
    private long _sampleDueMs;
    private long _provisionalDueMs;
    private (AttemptNo Attempt, long Ms) _copyAge;

    private long? SampleDueMs => IsCopying && !_isSampling ? _sampleDueMs : null;

    private bool IsCopying => session.Source is { Stage: SourceStage.Copying, View.Status: MigrationStatus.Active } source && source.Issued >= source.Attempt;

    /// <summary>Figures for dashboards while memory is copied and the guest runs; never in the switchover, where the monitor belongs to the handoff.</summary>
    public void Sample(long nowMs)
    {
        if (IsCopying && !_isSampling && nowMs >= _sampleDueMs && Guest is { IsConnected: true } guest)
        {
            _isSampling = true;
            long ageMs = _copyAge.Attempt == session.Source.Attempt ? _copyAge.Ms : 0;
            _sampleDueMs = nowMs + SamplePace.FiguresMs(ageMs);
            bool rings = nowMs >= _provisionalDueMs && session.Source.View is { GuestRuns: true };
            _provisionalDueMs = rings ? nowMs + SamplePace.RingsMs(ageMs) : _provisionalDueMs;
            _ = SampleAsync(guest, session.Source.Attempt, rings);
        }
    }

    /// <summary>What the guest's QEMU has, for the comparison with a destination: on first sight, and again whenever a coordinator is about to compare.</summary>
    public void ReadLayout()
    {
        if (!_isReadingLayout && Guest is { IsArriving: false } guest && session.Source.Stage == SourceStage.Home)
        {
            _isReadingLayout = true;
            Facts.LayoutOf = guest.Launch;
            _ = ReadLayoutAsync(guest);
        }
    }

    private async Task ReadLayoutAsync(QemuInstance guest)
    {
        QemuLayout? layout = null;
        string error = "";
        try
        {
            layout = await guest.ReadLayoutAsync(ReadingKind.Provisional);
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException or OperationCanceledException)
        {
            error = e.Message;
        }

        session.Post(() =>
        {
            _isReadingLayout = false;
            if (layout is not null)
            {
                Facts.Layout = layout;
            }
            else
            {
                Facts.LayoutOf = LaunchId.None;
                Facts.Error = error;
            }

            session.ReportChanged(atOnce: true);
        });
    }

    private async Task SampleAsync(QemuInstance guest, AttemptNo attempt, bool rings)
    {
        MigrationInfo? info = null;
        IReadOnlyList<DeviceReading> provisional = [];
        try
        {
            info = await guest.QueryMigrateAsync();
            if (rings)
            {
                provisional = await guest.ReadProvisionalAsync();
            }
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException or OperationCanceledException)
        {
            session.Logger.LogDebug("VM {Vm}: no sample: {Reason}", session.Vm, e.Message);
        }

        session.Post(() =>
        {
            _isSampling = false;
            if (info?.Ram is { } ram && session.Source.Attempt == attempt)
            {
                Publish(attempt, info, ram, provisional);
            }
        });
    }

    private void Publish(AttemptNo attempt, MigrationInfo info, MigrationRam ram, IReadOnlyList<DeviceReading> provisional)
    {
        Pass pass = new()
        {
            Attempt = attempt.Value,
            Number = Math.Max(_pass, (int)(ram.DirtySyncCount ?? 0)),
            RemainingBytes = ram.RemainingBytes ?? 0,
            TransferredBytes = ram.TransferredBytes ?? 0,
            TotalBytes = ram.TotalBytes ?? 0,
            DirtyPagesPerSec = ram.DirtyPagesPerSecond ?? 0,
            ElapsedMs = info.TotalTimeMs ?? 0,
        };
        _copyAge = (attempt, pass.ElapsedMs);
        bool isNew = Facts.Passes.Count == 0 || Facts.Passes[^1].Number != pass.Number;
        Facts.Note(pass);
        ProgressSample sample = new() { Vm = session.Vm, Host = session.Agent.Host.HostId, Attempt = attempt.Value, Stage = session.Source.Stage.ToString(), Pass = pass };
        sample.Provisional.AddRange(provisional);
        session.Agent.Coordinators.Sample(sample);
        if (isNew)
        {
            session.ReportChanged();
        }
    }
}
