using System.Globalization;

namespace Coordinator.Agent.Simulated;

/// <summary>How long the copies of a simulated guest take: drawn anew for each of its moves, and the same again with the same seed.</summary>
/// <param name="Shortest">Above zero.</param>
/// <param name="Longest">Not below the shortest.</param>
/// <param name="Seed">Of the lots.</param>
internal sealed record CopyTime(TimeSpan Shortest, TimeSpan Longest, int Seed)
{
    private const double SecondsAtMost = 86_400;

    /// <param name="seconds">One number, or two with a hyphen between them: above 0, at most a day.</param>
    /// <param name="seed">A whole number.</param>
    /// <exception cref="ArgumentException">Something else.</exception>
    public static CopyTime Parse(string seconds, string seed)
    {
        double[] range = [.. seconds.Split('-').Select(part => double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : 0)];
        return range is [> 0 and var shortest, ..] && range.Length <= 2 && range[^1] >= shortest && range[^1] <= SecondsAtMost
            && int.TryParse(seed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int lots)
            ? new CopyTime(TimeSpan.FromSeconds(shortest), TimeSpan.FromSeconds(range[^1]), lots)
            : throw new ArgumentException($"-simulated copySeconds={seconds},seed={seed}: must be seconds above 0, or two of them as in 60-120, and a whole number");
    }

    public TimeSpan Draw(Guid guest, int move)
    {
        Span<byte> bytes = stackalloc byte[16];
        guest.TryWriteBytes(bytes);
        // Not HashCode: that differs from process to process.
        int lot = BitConverter.ToInt32(bytes) ^ BitConverter.ToInt32(bytes[4..]) ^ BitConverter.ToInt32(bytes[8..]) ^ BitConverter.ToInt32(bytes[12..]) ^ (Seed * 397) ^ (move * 7_919);
        return Shortest + ((Longest - Shortest) * new Random(lot).NextDouble());
    }
}
