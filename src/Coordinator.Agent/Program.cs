using System.Text.Json;
using Coordinator.Agent;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Simulated;
using Coordinator.Agent.State;

if (args is [SimulatedProgram.Word, .. var simulated])
{
    return await SimulatedQemu.RunAsync(simulated);
}

if (args is not ["--config", { } path])
{
    Console.Error.WriteLine("usage: coordinator-agent --config HOST.yaml");
    return 64;
}

AgentPriority.TryRaise();
try
{
    HostConfiguration configuration = HostConfiguration.Load(path);
    await using AgentHost agent = await AgentHost.StartAsync(configuration, logging => logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning).AddJsonConsole(console =>
    {
        console.UseUtcTimestamp = true;
        console.TimestampFormat = "O";
        console.JsonWriterOptions = new JsonWriterOptions { Indented = false };
    }));
    await agent.WaitForShutdownAsync();
    return 0;
}
catch (ConfigurationException e)
{
    Console.Error.WriteLine(e.Message);
    return 78;
}
catch (AgentStoreException e)
{
    Console.Error.WriteLine(e.Message);
    return 74;
}
catch (IOException e)
{
    Console.Error.WriteLine($"the agent cannot start: {e.Message}");
    return 69;
}
