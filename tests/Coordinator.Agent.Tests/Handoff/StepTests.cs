using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>Commands of coordinators: at least once, fenced by epoch.</summary>
public sealed class StepTests
{
    [Fact]
    public async Task Step_Repeated_GetsTheStoredAnswerAlsoFromTheNextLife()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), alphaInProcess: false);
        Step step = hosts.NewStep(s => s.Start = new StartAttempt { Attempt = 1, StreamUri = "tcp:127.0.0.1:1" });
        Step cancel = hosts.NewStep(s => s.Cancel = new CancelAttempt { Attempt = 1 });
        StepAnswer cancelled = await hosts.Coordinator.StepAsync("alpha", cancel);
        StepAnswer first = await hosts.Coordinator.StepAsync("alpha", step);

        StepAnswer second = await hosts.Coordinator.StepAsync("alpha", step);
        await hosts.Alpha.KillProcessAsync();
        hosts.Alpha.StartProcess();
        StepAnswer third = await hosts.Coordinator.StepAsync("alpha", step);

        Assert.Equal(StepOutcome.Accepted, cancelled.Outcome);
        Assert.Equal(StepOutcome.Rejected, first.Outcome);
        Assert.Equal([first, first], [second, third]);
    }

    [Fact]
    public async Task Step_OfALowerEpoch_IsFencedNamingTheHigherOneAlsoByTheNextLife()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), alphaInProcess: false);
        hosts.Epoch = 7;
        await hosts.AcceptedAsync(hosts.Alpha, step => step.Fence = new Fence());
        hosts.Epoch = 6;

        StepAnswer answer = await hosts.SendAsync(hosts.Alpha, step => step.Cancel = new CancelAttempt { Attempt = 1 });
        await hosts.Alpha.KillProcessAsync();
        hosts.Alpha.StartProcess();
        StepAnswer later = await hosts.SendAsync(hosts.Alpha, step => step.Cancel = new CancelAttempt { Attempt = 1 });

        Assert.Equal((StepOutcome.Fenced, 7), (answer.Outcome, answer.FloorEpoch));
        Assert.Equal((StepOutcome.Fenced, 7), (later.Outcome, later.FloorEpoch));
        VmReport report = await hosts.ReportAsync(hosts.Alpha, r => r.FloorEpoch == 7, "the floor is reported");
        Assert.Equal(0, report.Source.Tombstone);
    }

    [Fact]
    public async Task Step_OfAnotherIncarnationWithTheSameEpoch_IsFenced()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.AcceptedAsync(hosts.Alpha, step => step.Fence = new Fence());

        StepAnswer answer = await hosts.SendAsync(hosts.Alpha, step =>
        {
            step.Fence = new Fence();
            step.Incarnation = TwoHosts.Wire(Guid.NewGuid());
        });

        Assert.Equal((StepOutcome.Fenced, 1), (answer.Outcome, answer.FloorEpoch));
    }

    /// <summary>An agent that has lost its state has forgotten which launches have ended: what was sent to it before must not reach it.</summary>
    [Fact]
    public async Task Step_ForAnotherStoreOfTheAgent_IsNotCarriedOut()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.AcceptedAsync(hosts.Alpha, step => step.Fence = new Fence());
        VmReport fenced = await hosts.ReportAsync(hosts.Alpha, report => report.FloorEpoch == 1, "fenced");
        Step launch = hosts.NewStep(step =>
        {
            step.Launch = new LaunchVm { Launch = TwoHosts.Wire(hosts.Launch), DefinitionYaml = hosts.Definition };
            step.StoreInstance = TwoHosts.Wire(Guid.NewGuid());
        });

        StepAnswer late = await hosts.Coordinator.StepAsync("alpha", launch);
        bool launched = TwoHosts.IsAlive(hosts.Launch);
        launch.StoreInstance = fenced.StoreInstance;
        StepAnswer addressed = await hosts.Coordinator.StepAsync("alpha", launch);

        Assert.Equal((StepOutcome.NotYet, false), (late.Outcome, launched));
        Assert.Contains("of this agent, whose store is", late.Reason, StringComparison.Ordinal);
        Assert.Equal(StepOutcome.Accepted, addressed.Outcome);
    }

    [Fact]
    public async Task Launch_RepeatedWithTheSameLaunch_LaunchesOnce()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();

        await hosts.AcceptedAsync(hosts.Alpha, step => step.Launch = new LaunchVm { Launch = TwoHosts.Wire(hosts.Launch), DefinitionYaml = hosts.Definition });
        StepAnswer other = await hosts.SendAsync(hosts.Alpha, step => step.Launch = new LaunchVm { Launch = TwoHosts.Wire(Guid.NewGuid()), DefinitionYaml = hosts.Definition });

        Assert.True(TwoHosts.IsAlive(hosts.Launch));
        Assert.Equal(StepOutcome.Rejected, other.Outcome);
        Assert.Contains("the guest is on this host already", other.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndVm_OfTheGuest_EndsItAndSaysSo()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();

        await hosts.AcceptedAsync(hosts.Alpha, step => step.EndVm = new EndVm { Launch = TwoHosts.Wire(hosts.Launch) });

        await hosts.ReportAsync(hosts.Alpha, report => report.Guest is { Alive: false }, "gone");
        Assert.False(TwoHosts.IsAlive(hosts.Launch));
        StepAnswer unknown = await hosts.SendAsync(hosts.Alpha, step => step.EndVm = new EndVm { Launch = TwoHosts.Wire(Guid.NewGuid()) });
        Assert.Equal(StepOutcome.Rejected, unknown.Outcome);
    }
}
