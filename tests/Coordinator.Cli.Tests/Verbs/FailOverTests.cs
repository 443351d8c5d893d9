using System.Net;
using System.Net.Sockets;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class FailOverTests : IAsyncLifetime
{
    FakeCoordinator first = null!, second = null!;

    public async Task InitializeAsync() => (first, second) = (await FakeCoordinator.Start(), await FakeCoordinator.Start());

    public async Task DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    string Both => $"{first.Url},{second.Url}";

    [Fact]
    public async Task Ask_FirstServerGone_TheNextOneGetsTheSameRequest()
    {
        await first.Die();
        second.Answers<StartMigrationRequest>(_ => Samples.Requested());

        var run = await CoordctlRun.With(new() { Variables = { ["COORDCTL_SERVER"] = Both } }, "migrate", "demo", "--to", "beta");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal("coordctl-test", second.Request<StartMigrationRequest>().RequestId);
    }

    /// <summary>Found by rounds of cluster chaos: gRPC calls the ping that is not answered an internal error, and the command failed with it.</summary>
    [Fact]
    public async Task Ask_FirstServerHangs_TheNextOneGetsTheSameRequest()
    {
        using TcpListener hanging = new(IPAddress.Loopback, 0);
        hanging.Start();
        second.Answers<StartMigrationRequest>(_ => Samples.Requested());

        var run = await CoordctlRun.With(
            new() { Patience = CoordctlRun.Patient with { Call = TimeSpan.FromMinutes(2) } },
            "migrate", "demo", "--to", "beta", "--server", $"http://{hanging.LocalEndpoint},{second.Url}");

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Equal("coordctl-test", second.Request<StartMigrationRequest>().RequestId);
    }

    [Fact]
    public async Task Ask_NobodyThere_IsUnreachableAndNamesAll()
    {
        await first.Die();
        await second.Die();

        var run = await CoordctlRun.With(new(), "get", "hosts", "--server", Both);

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains($"no coordinator answers at {first.Url}/ (Connection refused), {second.Url}/ (Connection refused)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_EntityThatMoves_IsAskedAgainWithTheSameId()
    {
        var asked = 0;
        first.Answers<StartMigrationRequest>(_ => ++asked < 3
            ? throw new RpcException(new Status(StatusCode.Unavailable, "VM 'demo' did not answer"), new Metadata { { "retry-after-ms", "1" } })
            : Samples.Requested());

        var run = await CoordctlRun.Of(first, "migrate", "demo", "--to", "beta");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(["coordctl-test", "coordctl-test", "coordctl-test"], first.Requests.Cast<StartMigrationRequest>().Select(request => request.RequestId));
    }

    [Fact]
    public async Task Ask_EntityThatNeverAnswers_IsUnreachableInItsOwnWords()
    {
        first.Refuses<StartMigrationRequest>(StatusCode.Unavailable, "VM 'demo' did not answer within 8 s", ("retry-after-ms", "1"));

        var run = await CoordctlRun.With(new() { Patience = CoordctlRun.Patient with { Recovery = TimeSpan.FromMilliseconds(50) } }, "migrate", "demo", "--to", "beta", "--server", first.Url);

        Assert.Equal((ExitCode.Unreachable, "coordctl: VM 'demo' did not answer within 8 s\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Watch_ServerKilled_GoesOnAtTheOther()
    {
        first.Answers<StartMigrationRequest>(_ => Samples.Requested());
        first.OnWatch = async (_, send, _) =>
        {
            await send(Samples.Requested());
            await send(Samples.Iterating());
            await first.Die();
        };
        second.OnWatch = async (_, send, _) =>
        {
            await send(Samples.Iterating());
            await send(Samples.Succeeded());
        };

        var run = await CoordctlRun.With(new(), "migrate", "demo", "--to", "beta", "--watch", "--server", Both);

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Contains($"lost the coordinator at {first.Url}/", run.Output, StringComparison.Ordinal);
        Assert.Contains($"watching again through {second.Url}/", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("demo runs on beta, Verified\n", run.Output, StringComparison.Ordinal);
        // What was told before the loss is not told again.
        Assert.Equal(2, run.Output.Split("AttemptOpened").Length);
    }

    [Fact]
    public async Task Watch_StreamEndedByARestart_GoesOnAtTheSameServer()
    {
        var watches = 0;
        first.Answers<StartMigrationRequest>(_ => Samples.Requested());
        first.OnWatch = (_, send, _) => ++watches switch
        {
            1 => send(Samples.Requested()),
            2 => throw new RpcException(new Status(StatusCode.Unavailable, "not yet")),
            _ => send(Samples.Succeeded()),
        };

        var run = await CoordctlRun.Of(first, "migrate", "demo", "--to", "beta", "--watch");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(3, watches);
        Assert.Equal(2, run.Output.Split("lost the coordinator").Length);
    }

    [Fact]
    public async Task Watch_NobodyComesBack_GivesUpAndSaysThatTheMigrationGoesOn()
    {
        first.Answers<StartMigrationRequest>(_ => Samples.Requested());
        first.OnWatch = async (_, send, _) =>
        {
            await send(Samples.Iterating());
            await first.Die();
        };

        var run = await CoordctlRun.With(
            new() { Patience = CoordctlRun.Patient with { Recovery = TimeSpan.FromMilliseconds(100) } }, "migrate", "demo", "--to", "beta", "--watch", "--server", first.Url);

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("the migration of demo goes on without being watched", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_UnknownMigration_IsNotRetried()
    {
        first.Answers<StartMigrationRequest>(_ => Samples.Requested());
        first.OnWatch = (_, _, _) => throw new RpcException(new Status(StatusCode.NotFound, "VM 'demo' has no migration"));

        var run = await CoordctlRun.Of(first, "migrate", "demo", "--to", "beta", "--watch");

        Assert.Equal((ExitCode.NotFound, "coordctl: VM 'demo' has no migration\n"), (run.ExitCode, run.Error));
    }
}
