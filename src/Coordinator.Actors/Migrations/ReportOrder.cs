namespace Coordinator.Actors.Migrations;

/// <summary>
/// Which of two reports of one host is the newer. Numbers of one agent life go up by one; each life begins with the wall clock's microseconds, so they go up from life to life too.
/// A clock that was set back between two lives must not make a living agent unheard: one that has been silent for longer than it is ever left unasked gives way to the other.
/// </summary>
/// <remarks>
/// Lives were told apart by having been seen before. A report that an earlier life had sent could then come after the first one of the present life, be taken for a newer life, and
/// the present one was not heard any more until its restart (found by the simulator).
/// </remarks>
internal static class ReportOrder
{
    /// <summary>Hosts of a migration are asked every 5 s.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(12);

    internal static bool IsOld(bool sameLife, long sequence, long knownSequence, TimeSpan knownAge) => sequence <= knownSequence && (sameLife || knownAge < s_silence);
}
