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

    /// <returns>Null when every tick from the first to the last is there once.</returns>
    public string? Broken(string first, string second)
    {
        string text = Text(first) + Text(second);
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < lines.Length; i++)
        {
            string wanted = ((i + 1) & 0xFFFF).ToString("X4", CultureInfo.InvariantCulture);
            if (lines[i] != wanted)
            {
                return $"tick {wanted} of {vm} is '{lines[i]}': {Around(lines, i)}";
            }
        }

        return null;
    }

    private static string Around(string[] lines, int at) => string.Join(' ', lines[Math.Max(0, at - 5)..Math.Min(lines.Length, at + 5)]);

    private string Text(string host) => HasTickedOn(host) ? File.ReadAllText(PathOf(deployment, vm, host)) : "";
}
