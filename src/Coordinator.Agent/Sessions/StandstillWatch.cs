using Coordinator.Domain;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// Since when the source of an open attempt stands still, and when the next deadline of it passes. A duration on the monotonic clock; after a restart it begins anew, so a guest
/// stands still for at most one more deadline.
/// </summary>
internal sealed class StandstillWatch
{
    private long? _sinceMs;

    public long? DueMs { get; private set; }

    public void Reset() => (_sinceMs, DueMs) = (null, null);

    /// <summary>True once per deadline, as long as it goes on standing still.</summary>
    public bool HasPassed(SourceHandoff source, LaunchId guest, TimeSpan deadline, long nowMs)
    {
        if (!StandsStill(source, guest))
        {
            Reset();
            return false;
        }

        _sinceMs ??= nowMs;
        DueMs = _sinceMs + (long)deadline.TotalMilliseconds;
        if (nowMs < DueMs)
        {
            return false;
        }

        _sinceMs = nowMs;
        DueMs = nowMs + (long)deadline.TotalMilliseconds;
        return true;
    }

    private static bool StandsStill(SourceHandoff source, LaunchId guest) => source.Stage switch
    {
        SourceStage.Switching or SourceStage.Stranded or SourceStage.Resuming => true,
        SourceStage.HandedOver => source.Answer != RegisterAnswer.Running && !source.EndWanted,

        // Nothing is known just after a command, or because the monitor is blocked: time goes on all the same.
        SourceStage.NotObserved => source.Attempt != AttemptNo.None && guest == source.Records.Launch && source.Issued >= source.Attempt,
        _ => false,
    };
}
