using Coordinator.Agent.Sessions;
using Coordinator.Agent.State;
using Coordinator.Agent.Tests.Support;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Tests.Sessions;

public sealed class AgentStartTests
{
    /// <summary>
    /// A guest may stand still and wait for this agent, and its peer may ask at once: an agent that listens and has no session yet answers "unknown". On a busy machine the versions
    /// took seconds (found by the crash matrix).
    /// </summary>
    [Fact]
    public async Task Start_WhileQemuDoesNotTellItsVersion_LooksAfterGuestsAlready()
    {
        using TemporaryDirectory directory = new();
        string qemu = Path.Combine(directory.Path, "qemu");

        // Ends with its folder too, however this test ends.
        await File.WriteAllTextAsync(qemu, $"#!/bin/sh\nwhile [ -d {directory.Path} ] && [ ! -e {directory["told"]} ]; do sleep 0.02; done\necho QEMU emulator version 10.0.2\n");
        File.SetUnixFileMode(qemu, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using TestHost host = new("alpha", directory.Path, "http://127.0.0.1:1", qemu);
        using (AgentStore store = AgentStore.Open(host.StateDirectory))
        {
            await store.AppendAsync("vm-1", [RecordCodec.Of(CommandFloor.Lowest)]);
        }

        // The guests' part comes first in every start; a start that asks for versions before would end by its own limit, and say so after.
        Task starting = host.StartHereAsync();
        Task first = await Task.WhenAny(starting, Eventually.TrueAsync(() => host.Output.Contains("VM vm-1: source", StringComparison.Ordinal), () => host.Output));
        await File.WriteAllTextAsync(directory["told"], "");
        await first;
        await starting;

        Assert.NotSame(starting, first);
    }
}
