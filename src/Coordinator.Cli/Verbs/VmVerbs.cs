using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Verbs;

internal static class VmVerbs
{
    public static Command Command(SharedOptions shared) => new("vm", "start, list and stop virtual machines")
    {
        Start(shared),
        GetVerbs.VirtualMachines(shared, "list"),
        Stop(shared),
    };

    static Command Start(SharedOptions shared)
    {
        Argument<string> definition = new("DEFINITION.yaml") { Description = "the VM definition; - reads standard input" };
        Option<string> host = new("--host") { Description = "where it is to run", HelpName = "HOST", Required = true };
        var requestId = SharedOptions.RequestId();
        var command = new Command("start", "start a VM from its definition; refused while a copy of it may run anywhere") { definition, host, requestId };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var request = new StartVirtualMachineRequest
            {
                RequestId = shared.RequestIdOf(parsed, requestId),
                Host = parsed.GetRequiredValue(host),
                DefinitionYaml = await ReadDefinition(parsed.GetRequiredValue(definition), cancellation),
            };
            var started = await connection.Ask((api, options) => api.StartVirtualMachineAsync(request, options), cancellation);
            shared.Say($"{started.Name}: {started.Residence} on {started.Host}{(started.Pid > 0 ? $", pid {started.Pid}" : "")}{(started.RunState.Length > 0 ? $", {started.RunState}" : "")}");
            return started.Residence == "Absent" ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }

    static Command Stop(SharedOptions shared)
    {
        Argument<string> name = new("NAME") { Description = "name of the VM" };
        var requestId = SharedOptions.RequestId();
        var command = new Command("stop", "end a VM's QEMU; the guest is not asked") { name, requestId };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = shared.Connect(parsed);
            var request = new StopVirtualMachineRequest { RequestId = shared.RequestIdOf(parsed, requestId), Name = parsed.GetRequiredValue(name) };
            var stopped = await connection.Ask((api, options) => api.StopVirtualMachineAsync(request, options), cancellation);
            var asked = connection.Clock.GetTimestamp();
            while (stopped.Residence == "Stopping" && connection.Clock.GetElapsedTime(asked) < connection.Patience.Call)
            {
                await Task.Delay(connection.Patience.Pause, connection.Clock, cancellation);
                stopped = await connection.Ask((api, options) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = request.Name }, options), cancellation);
            }
            shared.Say($"{stopped.Name}: {stopped.Residence}{(stopped.Message.Length > 0 ? $", {stopped.Message}" : "")}");
            return stopped.Residence == "Stopping" ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }

    static async Task<string> ReadDefinition(string path, CancellationToken cancellation)
    {
        try
        {
            return path == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Usage, $"the definition cannot be read: {error.Message}");
        }
    }
}
