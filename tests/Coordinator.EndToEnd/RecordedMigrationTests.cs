using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;
using Coordinator.EndToEnd.Guests;
using Coordinator.History;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;
using MigrationPhase = Coordinator.Domain.Migration.MigrationPhase;

namespace Coordinator.EndToEnd;

/// <summary>Real migrations with everything written down, judged by all checkers, every step of both QEMUs explained by the model.</summary>
[Collection(OneAtATime.Name)]
public sealed class RecordedMigrationTests(ITestOutputHelper output)
{
    [Fact]
    public async Task EmptyGuest_ForthAndBack_IsExplainedAndWithoutViolation()
    {
        await using Deployment deployment = await Deployment.StartAsync(recorded: true);
        await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Empty("vm-1"));
        foreach (string destination in new[] { Deployment.Beta, Deployment.Alpha })
        {
            Migration begun = await deployment.Api.MigrateAsync("vm-1", destination);
            Note(deployment, "vm-1", begun);
            Migration ended = await deployment.Api.EndAsync("vm-1");
            Assert.True(ended.Phase == "Succeeded", $"{Story.Of(ended)}\n{deployment.Log()}");
            Note(deployment, ended);
        }

        await AssertGoodAsync(deployment, runs: 3);
    }

    [Fact]
    public async Task EmptyGuest_OnInstalledQemu_IsExplainedAndWithoutViolation()
    {
        await using Deployment deployment = await Deployment.StartAsync(await QemuBinary.Installed(), recorded: true);
        await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Empty("vm-1"));
        Note(deployment, "vm-1", await deployment.Api.MigrateAsync("vm-1", Deployment.Beta));
        Note(deployment, await deployment.Api.EndAsync("vm-1"));
        await AssertGoodAsync(deployment, runs: 2);
    }

    [Fact]
    public async Task LoadedGuest_IsExplainedAndWithoutViolation()
    {
        await using LoadedGuest guest = await LoadedGuest.StartAsync(await Deployment.StartAsync(recorded: true));
        (Migration ended, _, _) = await guest.MigrateAsync(Deployment.Beta);
        Assert.True(ended.Phase == "Succeeded", $"{Story.Of(ended)}\n{guest.Deployment.Log()}");
        Note(guest.Deployment, LoadedGuest.Name, ended);
        Note(guest.Deployment, ended);
        await AssertGoodAsync(guest.Deployment, runs: 2);
    }

    private async Task AssertGoodAsync(Deployment deployment, int runs)
    {
        string directory = await deployment.EndRecordingAsync();
        Judgement judgement = HistoryJudge.Judge(directory, new JudgeSettings());
        output.WriteLine(judgement.ToString());
        Assert.True(judgement.IsGood, judgement.ToString());

        // A recorder that wrote nothing would be judged good as well.
        Assert.Equal(runs, judgement.Counted["runs"]);
        Assert.True(judgement.Counted["register operations"] >= (runs - 1) * 4, judgement.ToString());
        Assert.True(judgement.Counted["accepted epochs"] >= 2, judgement.ToString());
        Assert.True(judgement.Counted["recorded QMP commands"] > runs * 5, judgement.ToString());
    }

    private static void Note(Deployment deployment, string vm, Migration begun) =>
        deployment.Recording!.Own.Add(new RequestAcknowledged(HistoryClock.NowMicros(), new VmName(vm), new RequestId(begun.Id), Guid.Parse(begun.Id)));

    private static void Note(Deployment deployment, Migration ended) => deployment.Recording!.Own.Add(new ResultSeen(
        HistoryClock.NowMicros(), new VmName(ended.Vm), Guid.Parse(ended.Id), Enum.Parse<MigrationPhase>(ended.Phase), Enum.TryParse(ended.Verdict, out MigrationVerdict verdict) ? verdict : null));
}
