using System.Text.Json.Nodes;

namespace Coordinator.Agent.Simulated;

/// <summary>The first words of a monitor.</summary>
internal static class MonitorGreeting
{
    public static JsonObject Message() => new() { ["QMP"] = new JsonObject { ["version"] = Version(), ["capabilities"] = new JsonArray("oob") } };

    public static JsonObject Version()
    {
        int[] numbers = [.. SimulatedProgram.Version.Split('.').Select(int.Parse)];
        return new JsonObject
        {
            ["qemu"] = new JsonObject { ["micro"] = numbers[2], ["minor"] = numbers[1], ["major"] = numbers[0] },
            ["package"] = "simulated by coordinator-agent",
        };
    }
}
