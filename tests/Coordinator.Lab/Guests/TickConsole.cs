using System.Globalization;
using Coordinator.Lab.Deployments;

namespace Coordinator.Lab.Guests;

/// <summary>
/// What the <see cref="TickingSector"/> wrote, on each host. A line may begin on one host and end on the other; of one machine that moved the two files together count 1, 2, 3
/// without a gap and without a repetition, and of two machines, or of one that lost some of its memory, they do not.
/// </summary>
/// <param name="deployment">Where it runs.</param>
/// <param name="vm">Name of the guest.</param>
public sealed class TickConsole(Deployment deployment, string vm)
{
    private const int LineLength = 5;

    public static string PathOf(Deployment deployment, string vm, string host) => Path.Combine(deployment.Folder, $"ticks-{vm}-{host}.log");

    /// <summary>Ticks of the guest's whole life.</summary>
    public long LastTick => (Length(Deployment.Alpha) + Length(Deployment.Beta)) / LineLength;

    public bool HasTickedOn(string host) => Length(host) > 0;

    public long Length(string host) => new FileInfo(PathOf(deployment, vm, host)) is { Exists: true } file ? file.Length : 0;

    public Task MoreTicksAsync(int ticks)
    {
        long wanted = LastTick + ticks;
        return Eventually.BecomesTrue(() => LastTick >= wanted, Api.Limit, $"tick {wanted}", () => $"tick {LastTick}\n{deployment.Log()}");
    }

    /// <summary>Every tick from the first to the last, once.</summary>
    /// <exception cref="LabFailure">One is missing, or there twice: says which and what stands around it.</exception>
    public void AssertContiguous(string first, string second)
    {
        if (Broken(first, second) is { } broken)
        {
            throw new LabFailure(broken);
        }
    }

    /// <returns>Null when every tick from the first to the last is there once, over any number of moves between the two hosts.</returns>
    public string? Broken(string first, string second)
    {
        (string one, string other) = (Text(first), Text(second));

        // How much of the first file has been written when so much has been written in all; at the end of a stay both files may go on with the right character for a while.
        HashSet<int> mayBe = [0];
        for (int written = 0; written < one.Length + other.Length; written++)
        {
            char wanted = Wanted(written);
            HashSet<int> next = [.. mayBe.Where(at => at < one.Length && one[at] == wanted).Select(at => at + 1)];
            next.UnionWith(mayBe.Where(at => written - at < other.Length && other[written - at] == wanted));
            if (next.Count == 0)
            {
                int at = mayBe.Max();
                return $"tick {Tick(written)} of {vm} is not there: {first} goes on with '{Around(one, at)}', {second} with '{Around(other, written - at)}'";
            }

            mayBe = next;
        }

        return null;
    }

    private static string Tick(int written) => (((written / LineLength) + 1) & 0xFFFF).ToString("X4", CultureInfo.InvariantCulture);

    private static char Wanted(int written) => written % LineLength == LineLength - 1 ? '\n' : Tick(written)[written % LineLength];

    private static string Around(string text, int at) => text[Math.Max(0, at - (5 * LineLength))..Math.Min(text.Length, at + (5 * LineLength))].Replace('\n', ' ');

    private string Text(string host) => HasTickedOn(host) ? File.ReadAllText(PathOf(deployment, vm, host)) : "";
}
