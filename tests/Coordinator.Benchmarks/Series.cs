using System.Globalization;

namespace Coordinator.Benchmarks;

/// <summary>Milliseconds of one kind, and what can be said of them. By hand, because a percentile and a bootstrap of medians are the whole need.</summary>
sealed class Series(string name)
{
    const int Resamples = 4_000;
    const int Seed = 20_26;

    readonly List<double> values = [];

    public string Name { get; } = name;
    public int Count => values.Count;

    public void Add(double milliseconds) => values.Add(milliseconds);

    /// <param name="share">0..1; the smallest value that at least this share does not exceed.</param>
    public double Percentile(double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    public double Median => MedianOf([.. values]);

    /// <summary>Difference of the medians with its 95 % interval, from a bootstrap of both series.</summary>
    public static (double Difference, double Low, double High) Difference(Series one, Series other)
    {
        // The same seed in each run: two runs over the same numbers must say the same.
        var random = new Random(Seed);
        var differences = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
            differences[i] = MedianOf(Resample(one.values, random)) - MedianOf(Resample(other.values, random));
        Array.Sort(differences);
        return (one.Median - other.Median, differences[Resamples * 25 / 1000], differences[Resamples * 975 / 1000]);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name,-34} {Count,6}  {values.Min(),8:0.00} {Median,8:0.00} {Percentile(0.9),8:0.00} {Percentile(0.99),8:0.00} {values.Max(),8:0.00}");

    public static string Head => $"{"milliseconds",-34} {"n",6}  {"least",8} {"median",8} {"p90",8} {"p99",8} {"most",8}";

    static double[] Resample(List<double> from, Random random)
    {
        var drawn = new double[from.Count];
        for (var i = 0; i < drawn.Length; i++)
            drawn[i] = from[random.Next(from.Count)];
        return drawn;
    }

    static double MedianOf(double[] some)
    {
        Array.Sort(some);
        var middle = some.Length / 2;
        return some.Length % 2 == 1 ? some[middle] : (some[middle - 1] + some[middle]) / 2;
    }
}
