using System.Collections.Concurrent;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.Domain;
using Coordinator.Domain.QemuModel;
using Coordinator.Qmp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Eventually = Coordinator.Agent.Tests.Support.Eventually;
using QemuProcess = Coordinator.Agent.Processes.QemuProcess;

namespace Coordinator.Agent.Tests.Qemu;

public sealed class QemuInstanceTests
{
    /// <summary>
    /// An empty guest passes all states of a migration within milliseconds. Found by 20 of them in a row: after three answers that events had overtaken, the third was believed, and a
    /// guest that stood still after its <c>completed</c> seemed to run without a grant.
    /// </summary>
    [Fact]
    public async Task Observation_OvertakenByEventsAgainAndAgain_IsNeverTakenForTheNewest()
    {
        await using FakeMonitor monitor = new();
        ConcurrentQueue<QemuNews> told = new();
        QemuProcess.Attach(QemuProcessIdentity.OfPid(Environment.ProcessId)!, monitorPath: null, out QemuProcess? self);
        await using QemuInstance qemu = new(new LaunchId(Guid.NewGuid()), self!, monitor.Endpoint.Path!, trackedDevices: null, told.Enqueue, NullLogger.Instance);
        qemu.Start();
        await using FakePeer peer = await monitor.AcceptAsync();
        await peer.NegotiateAsync(offersOutOfBand: true);

        for (int overtaken = 0; overtaken < 5; overtaken++)
        {
            await AnswerAsync(peer, "running", "active", Event("MIGRATION", """{"status": "active"}""") + (overtaken == 4 ? Event("STOP", "{}") : ""));
        }

        // Had the fifth been believed, no sixth question would come.
        await AnswerAsync(peer, "finish-migrate", "pre-switchover", "");
        await Eventually.TrueAsync(() => qemu.Sight is not null, "QEMU to be seen");

        Assert.Equal(RunState.FinishMigrate, qemu.Sight!.Value.Run);
        Assert.DoesNotContain(told, news => news.Sight is { Run: RunState.Running });
        Assert.Equal(told.Select(news => news.Sequence).Where(sequence => sequence > 0), told.Select(news => news.Sequence).Where(sequence => sequence > 0).Order());
    }

    private static async Task AnswerAsync(FakePeer peer, string run, string migration, string overtaking)
    {
        FakeCommand status = await peer.ReadAsync();
        FakeCommand migrate = await peer.ReadAsync();
        Assert.Equal(("query-status", "query-migrate"), (status.Name, migrate.Name));

        // In one write, so that the events are read before anybody can act on the answers.
        await peer.SendAsync(
            $$"""{"return": {"status": "{{run}}", "running": {{(run == "running" ? "true" : "false")}}}, "id": "{{status.Id}}"}""" + "\r\n" + overtaking
            + $$"""{"return": {"status": "{{migration}}"}, "id": "{{migrate.Id}}"}""");
    }

    private static string Event(string name, string data) => $$$"""{"timestamp": {"seconds": 1795390547, "microseconds": 1}, "event": "{{{name}}}", "data": {{{data}}}}""" + "\r\n";
}
