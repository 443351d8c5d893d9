namespace Coordinator.Agent.Sessions;

/// <summary>
/// How often a copy is looked at. Figures are for people and show a share of the whole, so what has taken long already need not be looked at as often: a twentieth of its age is a step that nobody sees in
/// a bar. With thousands of copies at a time the looks, not the migrations, would be most of what agents and coordinators do. A new pass over memory is looked at at once, whatever the age.
/// </summary>
internal static class SamplePace
{
    private const int ShareOfAge = 20;
    private const int ShortestMs = 150;
    private const int ShortestForRingsMs = 500;
    private const int LongestMs = 5_000;

    /// <param name="copyAgeMs">Since <c>migrate</c>, by QEMU's own count; 0 if that is not known.</param>
    /// <returns>From one look at the copy's figures to the next: 150 to 5000.</returns>
    public static int FiguresMs(long copyAgeMs) => (int)Math.Clamp(copyAgeMs / ShareOfAge, ShortestMs, LongestMs);

    /// <inheritdoc cref="FiguresMs"/>
    /// <returns>From one look at the rings of the running guest to the next, which costs a question for each queue: 500 to 5000, and never less than for the figures.</returns>
    public static int RingsMs(long copyAgeMs) => Math.Max(ShortestForRingsMs, FiguresMs(copyAgeMs));
}
