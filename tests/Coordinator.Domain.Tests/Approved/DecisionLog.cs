using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace Coordinator.Domain.Tests.Approved;

/// <summary>
/// What the decision code says in many states, a line for each kind of question and stage: how often it was asked, and a hash of all answers. A change of any decision changes a line,
/// so that none is made without being seen: whoever means it approves it, by running the tests with APPROVE_DECISIONS=1 and committing the new file. Sentences for people are left out.
/// </summary>
internal sealed class DecisionLog
{
    private readonly SortedDictionary<string, (int Times, ulong Hash)> _rows = new(StringComparer.Ordinal);

    public void Add(string row, Func<string> decide)
    {
        string decision;
        try
        {
            decision = decide();
        }
        catch (InvalidOperationException)
        {
            decision = "impossible";
        }

        (int times, ulong hash) = _rows.GetValueOrDefault(row, (0, 14695981039346656037UL));
        foreach (char c in decision)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        _rows[row] = (times + 1, (hash ^ '\n') * 1099511628211UL);
    }

    public void AssertApproved(string name, [CallerFilePath] string caller = "")
    {
        string file = Path.Combine(Path.GetDirectoryName(caller)!, "..", "Approved", name + ".approved.txt");
        string[] now = _rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key} | {r.Value.Times} | {r.Value.Hash:x16}")).ToArray();
        if (Environment.GetEnvironmentVariable("APPROVE_DECISIONS") == "1")
        {
            File.WriteAllLines(file, now);
        }

        string[] approved = File.ReadAllLines(file);
        string[] changed = now.Except(approved).Concat(approved.Except(now)).Order(StringComparer.Ordinal).Take(12).ToArray();
        Assert.True(changed.Length == 0, $"decisions have changed; if that is meant, run with APPROVE_DECISIONS=1 and commit {name}.approved.txt:{Environment.NewLine}{string.Join(Environment.NewLine, changed)}");
    }
}

/// <summary>SplitMix64: the same states on every machine and in every version of .NET.</summary>
internal sealed class Draws(ulong seed)
{
    private ulong _state = seed;

    public int Below(int bound)
    {
        ulong z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return (int)((z ^ (z >> 31)) % (ulong)bound);
    }

    public bool Coin() => Below(2) == 0;

    public T Of<T>(params ReadOnlySpan<T> items) => items[Below(items.Length)];

    public T AnyOf<T>()
        where T : struct, Enum => Enum.GetValues<T>()[Below(Enum.GetValues<T>().Length)];
}
