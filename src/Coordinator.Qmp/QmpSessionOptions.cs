namespace Coordinator.Qmp;

public sealed record QmpSessionOptions
{
    public static QmpSessionOptions Default { get; } = new();

    /// <summary>The pause after the first failure; it doubles with each further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest pause. A connection that lasted at least this long starts the pauses over.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(2);

    internal QmpSessionOptions Validated()
    {
        if (FirstPause <= TimeSpan.Zero || LongestPause < FirstPause)
            throw new ArgumentOutOfRangeException(nameof(FirstPause), $"The pauses must satisfy 0 < {FirstPause} <= {LongestPause}.");
        return this;
    }
}
