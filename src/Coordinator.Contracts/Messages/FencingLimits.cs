namespace Coordinator.Contracts;

/// <summary>How long proving a host off may take; servers and clients wait by the same figures.</summary>
public static class FencingLimits
{
    /// <summary>Of the hook's own time-out.</summary>
    public static readonly TimeSpan LongestHook = TimeSpan.FromMinutes(10);

    /// <summary>A host that was just switched off is shown as connected until its stream's keep-alive fails; the proof waits for that.</summary>
    public static readonly TimeSpan DisconnectWithin = TimeSpan.FromSeconds(30);

    /// <summary>Both, and as much again as the second for the journal and the way back.</summary>
    public static readonly TimeSpan AnsweredWithin = LongestHook + DisconnectWithin + DisconnectWithin;
}
