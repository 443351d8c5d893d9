using Coordinator.Cli.Chaos;
using Coordinator.Cli.Outcomes;
using Coordinator.History;
using Xunit;

namespace Coordinator.Cli.Tests.Chaos;

public sealed class ChaosPlanTests
{
    const string Good = """
        vms: [web-1]
        hosts: [alpha, beta]
        faults:
          - name: agent killed
            strike: kill -KILL 1
        """;

    [Fact]
    public void Example_IsAPlan()
    {
        var plan = ChaosPlan.Read("example", ExamplePlan.Text);

        Assert.Equal(["web-1"], plan.Vms);
        Assert.Equal(3, plan.Faults.Count);
        Assert.Equal((FaultKind.Stopped, TimeSpan.FromSeconds(8)), (plan.Faults[1].Kind, plan.Faults[1].Lasts));
        Assert.Equal(["Iterating", "Switchover"], plan.Faults[1].During);
        Assert.Equal(StrikeMoment.Phases, plan.Faults[0].During);
        Assert.True(plan.Faults[2].MayLose);
    }

    [Theory]
    [InlineData("vms: [web-1]", "vms: []", "plan.yaml: vms: 1 or more are needed")]
    [InlineData("vms: [web-1]", "vms: [Web 1]", "VM name 'Web 1' is not allowed")]
    [InlineData("hosts: [alpha, beta]", "hosts: [alpha]", "plan.yaml: hosts: 2 or more are needed")]
    [InlineData("hosts: [alpha, beta]", "hosts: [alpha, beta]\nsettleSeconds: 0", "settleSeconds 0 is not allowed; 1 to 3600")]
    [InlineData("hosts: [alpha, beta]", "hosts: [alpha, beta]\nhistories: [/nonexistent/h]", "histories: there is no directory /nonexistent/h")]
    [InlineData("    strike: kill -KILL 1", "    lastsMs: -1", "faults[0]: 'strike' is missing", "faults[0]: lastsMs -1 is not allowed; 0 to 600000")]
    [InlineData("kill -KILL 1", "kill -KILL 1\n    during: [Copying]", "during 'Copying' is not allowed; Pending, PreparingDestination, Iterating")]
    [InlineData("kill -KILL 1", "kill -KILL 1\n    as: broken", "as 'broken' is not allowed; dead, stopped, cut, slowed")]
    [InlineData("kill -KILL 1", "kill -KILL 1\n    hits: agent", "hits 'agent' is not allowed; source-agent, destination-agent")]
    [InlineData("kill -KILL 1", "kill -KILL 1\n  - {name: agent killed, strike: x}", "'agent killed' stands there 2 times")]
    [InlineData("vms: [web-1]", "vmz: [web-1]", "plan.yaml:1:1: ", "vmz")]
    public void Problem_IsNamedWithWhatIsAllowed(string from, string to, params string[] sentences)
    {
        var failure = Assert.Throws<CommandFailure>(() => ChaosPlan.Read("plan.yaml", Good.Replace(from, to, StringComparison.Ordinal)));

        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.All(sentences, sentence => Assert.Contains(sentence, failure.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Iterating", "PreparingDestination", false)]
    [InlineData("Iterating", "Iterating", true)]
    [InlineData("Iterating", "Verifying", true)]
    [InlineData("Verifying", "RollingBack", true)]
    [InlineData("PreparingDestination", "Scheduling", false)]
    public void Moment_HasComeWithItsPhaseOrALaterOne(string moment, string phase, bool come) =>
        Assert.Equal(come, new StrikeMoment(moment, TimeSpan.Zero).HasCome(new Contracts.Api.Migration { Phase = phase }));
}
