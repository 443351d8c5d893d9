namespace Coordinator.Agent.Coordinators;

/// <summary>When the report of a VM in progress is told again although nothing changed.</summary>
/// <param name="DueMs">By the agent's monotonic clock.</param>
/// <param name="PauseMs">Before it.</param>
internal readonly record struct RepeatPace(long DueMs, long PauseMs)
{
    public const long FirstMs = 1_000;

    /// <summary>Below the age (12 s) at which a coordinator asks for a fresh report by itself.</summary>
    public const long LongestMs = 8_000;

    public static RepeatPace AfterChange(long nowMs) => new(nowMs + FirstMs, FirstMs);

    public RepeatPace AfterRepetition(long nowMs)
    {
        long pause = Math.Min(PauseMs * 2, LongestMs);
        return new RepeatPace(nowMs + pause, pause);
    }

    public bool IsDue(long nowMs) => nowMs >= DueMs;
}
