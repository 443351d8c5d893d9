using System.Globalization;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;

namespace Coordinator.Chaos.Cluster;

/// <summary>
/// A guest that counts on one console of all hosts, as on a shared disk: of one machine, however often it moved, the file counts 1, 2, 3; of two that ran at once, or of one that lost
/// some of its memory, it does not.
/// </summary>
internal sealed class CountingGuest(string name, string folder)
{
    private const int LineLength = 5;

    private string Console => Path.Combine(folder, $"count-{name}.log");

    public string Name => name;

    public long Count => new FileInfo(Console) is { Exists: true } file ? file.Length / LineLength : 0;

    public string Definition(int memoryMib) => SlowGuest.Definition(name, folder, Console, memoryMib);

    public Task CountsOnAsync(int steps)
    {
        long wanted = Count + steps;
        return Eventually.BecomesTrue(() => Count >= wanted, Api.Limit, string.Create(CultureInfo.InvariantCulture, $"{name} to count to {wanted}"), () => $"{Count}");
    }

    /// <returns>Null when every step is there once, in order.</returns>
    public string? Broken()
    {
        string text = File.ReadAllText(Console);
        for (int at = 0; at + LineLength <= text.Length; at += LineLength)
        {
            string wanted = string.Create(CultureInfo.InvariantCulture, $"{((at / LineLength) + 1) & 0xFFFF:X4}\n");
            if (string.CompareOrdinal(text, at, wanted, 0, LineLength) != 0)
            {
                string around = text[Math.Max(0, at - (4 * LineLength))..Math.Min(text.Length, at + (5 * LineLength))].Replace('\n', ' ');
                return $"{name} did not count {wanted.TrimEnd()} after the step before it: '{around}'";
            }
        }

        return null;
    }
}
