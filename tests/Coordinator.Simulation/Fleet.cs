using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>Many schedules on several threads; each schedule has one.</summary>
public sealed class Fleet(ProtocolRules rules, Func<ulong, Schedule> draw)
{
    private readonly Lock _gate = new();
    private readonly List<(ulong Seed, string Violation)> _violations = [];

    public Coverage Coverage { get; } = new();

    /// <summary>By seed.</summary>
    public IReadOnlyList<(ulong Seed, string Violation)> Violations => _violations;

    public void Run(ulong firstSeed, int schedules, int threads, bool keepsGoing)
    {
        int next = -1;
        bool stops = false;
        void Work()
        {
            Coverage own = new();
            while (!Volatile.Read(ref stops) && Interlocked.Increment(ref next) is var number && number < schedules)
            {
                ulong seed = firstSeed + (ulong)number;
                if (Simulator.Run(draw(seed), rules, own) is { } violation)
                {
                    lock (_gate)
                    {
                        _violations.Add((seed, violation));
                    }

                    Volatile.Write(ref stops, !keepsGoing);
                }
            }

            lock (_gate)
            {
                Coverage.Add(own);
            }
        }

        Thread[] workers = Enumerable.Range(0, threads).Select(_ => new Thread(Work)).ToArray();
        foreach (Thread worker in workers)
        {
            worker.Start();
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        _violations.Sort((a, b) => a.Seed.CompareTo(b.Seed));
    }
}
