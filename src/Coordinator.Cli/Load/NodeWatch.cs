using System.Globalization;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Load;

/// <summary>Scrapes the coordinators again and again: a node that is killed takes its counters with it, and only what was read before is known.</summary>
internal sealed class NodeWatch(IReadOnlyList<Uri> nodes) : IDisposable
{
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_within = TimeSpan.FromSeconds(5);

    readonly HttpClient http = new() { Timeout = s_within };
    readonly Dictionary<Uri, NodeFigures> last = [];
    readonly Lock gate = new();
    NodeFigures sum = NodeFigures.None;
    (double Events, long At) lookedAt;
    double peak;

    public bool IsOn => nodes.Count > 0;

    /// <summary>Summed over the nodes since the first scrape; memory as each showed it last.</summary>
    public NodeFigures Sum
    {
        get
        {
            lock (gate)
            {
                var memory = last.Values.Aggregate(NodeFigures.None, (all, one) => all.Plus(one));
                return sum with { LiveBytes = memory.LiveBytes, ResidentBytes = memory.ResidentBytes };
            }
        }
    }

    /// <summary>Events stored per second between the two looks in which they were most; of looks at all nodes, some seconds apart.</summary>
    public double PeakEventsPerSecond
    {
        get
        {
            lock (gate)
                return peak;
        }
    }

    /// <exception cref="CommandFailure">One does not answer: a figure that is missing shall be noticed before the run, not after it.</exception>
    public async Task Begin(CancellationToken cancellation)
    {
        foreach (var node in nodes)
            if (await Scrape(node, cancellation) is { } trouble)
                throw new CommandFailure(ExitCode.Unreachable, $"--metrics: {node}: {trouble}");
    }

    public async Task Follow(CancellationToken cancellation)
    {
        while (true)
        {
            await Look(cancellation);
            NotePeak();
            await Task.Delay(s_every, cancellation);
        }
    }

    public Task Look(CancellationToken cancellation) => Task.WhenAll(nodes.Select(node => Scrape(node, cancellation)));

    public void Dispose() => http.Dispose();

    void NotePeak()
    {
        lock (gate)
        {
            var now = TimeProvider.System.GetTimestamp();
            var passed = TimeProvider.System.GetElapsedTime(lookedAt.At, now);
            if (lookedAt.At > 0 && passed >= s_every)
                peak = Math.Max(peak, (sum.Events - lookedAt.Events) / passed.TotalSeconds);
            if (lookedAt.At == 0 || passed >= s_every)
                lookedAt = (sum.Events, now);
        }
    }

    /// <returns>Null when all is well.</returns>
    async Task<string?> Scrape(Uri node, CancellationToken cancellation)
    {
        try
        {
            var now = NodeFigures.Parse(await http.GetStringAsync(new Uri(node, "/metrics"), cancellation));
            lock (gate)
            {
                sum = last.TryGetValue(node, out var before) ? sum.Plus(now.Since(before)) : sum;
                last[node] = now;
            }
            return null;
        }
        catch (Exception silent) when (silent is HttpRequestException or FormatException || (silent is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return silent.Message.ToString(CultureInfo.InvariantCulture);
        }
    }
}
