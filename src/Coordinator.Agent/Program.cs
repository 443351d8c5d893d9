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

if (args is [SimulatedGuestsProgram.Word, { } guests])
{
    return await SimulatedGuestsProgram.RunAsync(guests);
}

if (args is [FleetProgram.Word, .. { Length: > 0 } configurations])
{
    return await FleetProgram.RunAsync(configurations);
}

if (args is not ["--config", { } path])
{
    Console.Error.WriteLine("""
        usage: coordinator-agent --config HOST.yaml
               coordinator-agent record --state DIR --vm NAME
               coordinator-agent keeper SOCKET [--check]
               coordinator-agent fleet HOST.yaml...
               coordinator-agent simulated-guests SOCKET

        record: the word of a source agent whose host is off, from a copy of its state directory, for 'coordctl resolve NAME --run-destination --record FILE'
        keeper: starts QEMUs for an agent in a container of its own ('qemu.keeper: SOCKET' of its configuration), so that they outlive that container; --check: whether one answers
        fleet: the agents of many simulated hosts in one process, for load; ends with SIGTERM or with its standard input. Guests are left as they are
        simulated-guests: a keeper that runs simulated guests in its own process, a small placeholder process for each; ends like a fleet, and all its guests with it
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
