using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

/// <summary><c>coordctl fence</c> and <c>coordctl resolve</c>: a person's words travel as they were given.</summary>
public sealed class DoubtVerbTests : IAsyncLifetime
{
    FakeCoordinator coordinator = null!;

    public async Task InitializeAsync() => coordinator = await FakeCoordinator.Start();

    public async Task DisposeAsync() => await coordinator.DisposeAsync();

    [Fact]
    public async Task Resolve_WithoutAChoice_ShowsTheDoubt()
    {
        coordinator.Answers<GetMigrationRequest>(_ => Samples.DoubtWithChoices());

        var run = await CoordctlRun.Of(coordinator, "resolve", "demo");

        Assert.Equal(ExitCode.InDoubt, run.ExitCode);
        Assert.Contains("--keep-source", run.Output, StringComparison.Ordinal);
        Assert.Contains("not open: beta is off, and the copy there with it", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resolve_KeepSource_SendsWhoWhyAndWhichDisks()
    {
        coordinator.Answers<ResolveDoubtRequest>(_ => Samples.DoubtWithChoices());

        var run = await CoordctlRun.Of(coordinator, "resolve", "demo", "--attempt", "3", "--keep-source", "--accept-rewind", "vda, vdb", "--proof", "the rack has no power", "--by", "ann");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(
            new ResolveDoubtRequest { RequestId = "coordctl-test", Vm = "demo", Attempt = 3, Choice = "KeepSource", By = "ann", Proof = "the rack has no power", Disks = { "vda", "vdb" } },
            coordinator.Request<ResolveDoubtRequest>());
    }

    [Fact]
    public async Task Resolve_Record_IsReadAndSent()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{ "vm": "demo", "attempt": 3, "destinationStore": "64705525-6174-413d-87f8-7f6335343816", "released": "CAESAA==" }""");
        coordinator.Answers<ResolveDoubtRequest>(_ => Samples.DoubtWithChoices());
        try
        {
            var run = await CoordctlRun.Of(coordinator, "resolve", "demo", "--attempt", "3", "--run-destination", "--record", file, "--proof", "read from its disk");

            Assert.Equal(ExitCode.Ok, run.ExitCode);
            var sent = coordinator.Request<ResolveDoubtRequest>();
            Assert.Equal("ReleaseFromRecord", sent.Choice);
            Assert.Equal(
                new ReleaseRecord { Vm = "demo", Attempt = 3, DestinationStore = "64705525-6174-413d-87f8-7f6335343816", Released = ByteString.FromBase64("CAESAA==") }, sent.Record);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("choose one of --lost, --keep-source and --run-destination", "--lost", "--keep-source", "--proof", "x")]
    [InlineData("--proof is needed", "--lost")]
    [InlineData("--attempt is needed", "--lost", "--proof", "x")]
    [InlineData("--attempt is needed", "--attempt", "0", "--lost", "--proof", "x")]
    [InlineData("without a choice the doubt is only shown", "--proof", "x")]
    [InlineData("--record goes with --run-destination", "--lost", "--record", "f", "--proof", "x")]
    public async Task Resolve_HalfAWord_IsRefusedBeforeAnybodyIsAsked(string sentence, params string[] options)
    {
        var run = await CoordctlRun.Of(coordinator, ["resolve", "demo", .. options]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Empty(coordinator.Requests);
    }

    [Fact]
    public async Task Resolve_RecordThatIsNone_IsRefused()
    {
        var run = await CoordctlRun.Of(coordinator, "resolve", "demo", "--attempt", "3", "--run-destination", "--record", "/nonexistent/record.json", "--proof", "x");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("'coordinator-agent record' writes one", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resolve_AgainstTheEvidence_SaysWhatContradictsIt()
    {
        coordinator.Refuses<ResolveDoubtRequest>(StatusCode.FailedPrecondition, "Lost is refused: beta reported last that the destination is Running");

        var run = await CoordctlRun.Of(coordinator, "resolve", "demo", "--attempt", "3", "--lost", "--proof", "x");

        Assert.Equal((ExitCode.Refused, "coordctl: Lost is refused: beta reported last that the destination is Running\n"), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("", "ann")]
    [InlineData("port 7 is dead", "ann")]
    public async Task Fence_ProofOrNone_TravelsAsGiven(string proof, string by)
    {
        coordinator.Answers<GetMigrationRequest>(_ => Samples.DoubtWithChoices());
        coordinator.Answers<ProveHostOffRequest>(_ => Samples.DoubtWithChoices());

        var run = await CoordctlRun.Of(coordinator, ["fence", "beta", "--vm", "demo", "--by", by, .. proof.Length > 0 ? (string[])["--proof", proof] : []]);

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.StartsWith("beta is recorded as off; it is in doubt where demo runs", run.Output, StringComparison.Ordinal);
        Assert.Equal(new ProveHostOffRequest { RequestId = "coordctl-test", Attempt = 1, Vm = "demo", Host = "beta", By = by, Proof = proof }, coordinator.Request<ProveHostOffRequest>());
    }

    [Fact]
    public async Task Fence_PowerOff_TravelsOnlyWhenSaid()
    {
        coordinator.Answers<GetMigrationRequest>(_ => Samples.DoubtWithChoices());
        coordinator.Answers<ProveHostOffRequest>(_ => Samples.DoubtWithChoices());

        Assert.Equal(ExitCode.Ok, (await CoordctlRun.Of(coordinator, "fence", "beta", "--vm", "demo", "--power-off")).ExitCode);

        Assert.True(coordinator.Request<ProveHostOffRequest>().PowerOff);
    }

    [Fact]
    public async Task Fence_OfAConnectedHost_IsRefusedWithTheWayToInsist()
    {
        coordinator.Answers<GetMigrationRequest>(_ => Samples.DoubtWithChoices());
        coordinator.Refuses<ProveHostOffRequest>(StatusCode.FailedPrecondition, "the agent of beta is connected; insist with --power-off");

        var run = await CoordctlRun.Of(coordinator, "fence", "beta", "--vm", "demo");

        Assert.Equal((ExitCode.Refused, "coordctl: the agent of beta is connected; insist with --power-off\n"), (run.ExitCode, run.Error));
    }

    /// <summary>An empty proof is a variable that was not set; it must not become an order to the hook.</summary>
    [Theory]
    [InlineData("--proof is empty", "--proof", "")]
    [InlineData("--proof is empty", "--proof", " ")]
    [InlineData("whose words are the proof", "--proof", "x", "--power-off")]
    public async Task Fence_HalfAWord_IsRefusedBeforeAnybodyIsAsked(string sentence, params string[] options)
    {
        var run = await CoordctlRun.Of(coordinator, ["fence", "beta", "--vm", "demo", .. options]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Empty(coordinator.Requests);
    }
}
