using System.Globalization;
using Coordinator.Agent.State;

namespace Coordinator.Agent.Tests.State;

/// <summary>
/// The process that is killed: writes for ever, and says on stdout what was acknowledged. Run as <c>Coordinator.Agent.Tests crash-writer DIRECTORY
/// FIRST</c>.
/// </summary>
internal static class CrashWriter
{
    public const string Word = "crash-writer";

    public static async Task<int> RunAsync(string directory, long first)
    {
        using var store = AgentStore.Open(directory);
        var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        output.WriteLine($"instance {store.InstanceId}");
        for (var i = first; ; i++)
        {
            var number = i.ToString(CultureInfo.InvariantCulture);
            // Two records that must never be parted.
            await store.AppendAsync("web-1", [AgentStoreTests.Record("a", number), AgentStoreTests.Record("b", number)]);
            output.WriteLine($"record {number}");
            await store.SaveStepAsync("web-1", 1, i, "done"u8.ToArray(), [AgentStoreTests.Record("c", number)]);
            output.WriteLine($"step {number}");
            using var register = store.Registers.Create("web-1", i);
            output.WriteLine($"empty {number}");
            var decision = i % 2 == 0 ? RegisterValue.Run : RegisterValue.Refused;
            if (register.TrySet(decision) is { SetNow: true })
            {
                output.WriteLine($"decided {number}");
            }
        }
    }
}
