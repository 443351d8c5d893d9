using System.Text.Json;
using Coordinator.Agent;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Sessions;
using Coordinator.Agent.Simulated;
using Coordinator.Agent.State;
using Coordinator.Certificates.Files;
using Coordinator.Domain;

if (args is ["record", "--state", { } state, "--vm", { } vm])
{
    try
    {
        Console.WriteLine(ReleaseRecord.Read(state, vm));
        return 0;
    }
    catch (Exception e) when (e is AgentStoreException or InvalidValueException)
    {
        Console.Error.WriteLine($"coordinator-agent: {e.Message}");
        return 1;
    }
}

if (args is [SimulatedProgram.Word, .. var simulated])
{
    return await SimulatedQemu.RunAsync(simulated);
}

if (args is [KeeperProgram.Word, { } door, .. var rest] && rest is [] or ["--check"])
{
    return rest is [] ? await KeeperProgram.RunAsync(door) : await KeeperProgram.CheckAsync(door);
}

if (args is not ["--config", { } path])
{
    Console.Error.WriteLine("""
        usage: coordinator-agent --config HOST.yaml
               coordinator-agent record --state DIR --vm NAME
               coordinator-agent keeper SOCKET [--check]

        record: the word of a source agent whose host is off, from a copy of its state directory, for 'coordctl resolve NAME --run-destination --record FILE'
        keeper: starts QEMUs for an agent in a container of its own ('qemu.keeper: SOCKET' of its configuration), so that they outlive that container; --check: whether one answers
        """);
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
catch (CertificateFileException e)
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
