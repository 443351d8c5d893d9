using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Search;
using Xunit.Abstractions;

namespace Coordinator.Simulation;

/// <summary>Schedules of the production decision code with time, network, disks and processes that fail.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Schedules = 20_000;

    /// <summary>0 to 6 faults each. What was hit is part of the result: a set that never meets a crash in the switchover proves nothing about it.</summary>
    [Fact]
    public void Schedules_AnyFaults_AreSafeAndEndWell()
    {
        Fleet fleet = new(new ProtocolRules(), seed => Schedule.Draw(seed));
        fleet.Run(firstSeed: 1, Schedules, Environment.ProcessorCount, keepsGoing: false);
        output.WriteLine(fleet.Coverage.ToString());
        foreach ((ulong seed, string violation) in fleet.Violations.Take(1))
        {
            Assert.Fail(Shrinker.Shrink(Schedule.Draw(seed), violation, new ProtocolRules()).ToString());
        }

        AssertCovers(fleet.Coverage);
    }

    /// <summary>
    /// What is promised beyond safety: undisturbed, a migration succeeds at its first attempt and the guest stands still for no repetition; coordinators, their journal and a bad network
    /// cost no attempt; broken attempts cost no more than themselves.
    /// </summary>
    [Theory]
    [InlineData(Promise.SucceedsAtOnce, "undisturbed")]
    [InlineData(Promise.SucceedsAtFirstAttempt, "coordinators")]
    [InlineData(Promise.SucceedsAtFirstAttempt, "network")]
    [InlineData(Promise.Succeeds, "attempts")]
    public void Schedules_OfOneFamily_KeepTheirPromise(Promise promise, string family)
    {
        Func<ulong, Schedule> draw = family switch
        {
            "undisturbed" => Schedule.DrawUndisturbed,
            "coordinators" => Schedule.DrawCoordinatorFaults,
            "network" => Schedule.DrawBadNetwork,
            _ => Schedule.DrawBrokenAttempts,
        };
        Assert.Equal(promise, draw(1).Promise);
        Fleet fleet = new(new ProtocolRules(), draw);
        fleet.Run(firstSeed: 1, schedules: 1_000, Environment.ProcessorCount, keepsGoing: false);
        output.WriteLine(fleet.Coverage.ToString());
        foreach ((ulong seed, string violation) in fleet.Violations.Take(1))
        {
            Assert.Fail(Shrinker.Shrink(draw(seed), violation, new ProtocolRules()).ToString());
        }
    }

    /// <summary>Somebody else's <c>cont</c> makes two copies for as long as the agent needs to see it, and nothing worse: no claim is made about who wins.</summary>
    [Fact]
    public void ThirdPartyCont_OnEitherSide_IsStoppedAtOnce()
    {
        FaultKind[] kinds = [FaultKind.ThirdPartyContAtSource, FaultKind.ThirdPartyContAtDestination, FaultKind.AgentCrash, FaultKind.MessagesLost];
        Fleet fleet = new(new ProtocolRules(), seed => Schedule.Draw(seed, kinds: kinds));
        fleet.Run(firstSeed: 1, schedules: 2_000, Environment.ProcessorCount, keepsGoing: false);
        output.WriteLine(fleet.Coverage.ToString());
        foreach ((ulong seed, string violation) in fleet.Violations.Take(1))
        {
            Assert.Fail(Shrinker.Shrink(Schedule.Draw(seed, kinds: kinds), violation, new ProtocolRules()).ToString());
        }

        Assert.InRange(fleet.Coverage.Of(FaultKind.ThirdPartyContAtSource), 50, long.MaxValue);
        Assert.InRange(fleet.Coverage.Of(FaultKind.ThirdPartyContAtDestination), 50, long.MaxValue);
    }

    [Fact]
    public void Schedule_SameSeed_IsTheSameStory()
    {
        List<string> first = [];
        List<string> second = [];
        Simulator.Run(Schedule.Draw(7), new ProtocolRules(), new Coverage(), first);
        Simulator.Run(Schedule.Draw(7), new ProtocolRules(), new Coverage(), second);
        Assert.NotEmpty(first);
        Assert.Equal(first, second);
    }

    private static void AssertCovers(Coverage coverage)
    {
        MigrationPhase[] passing = [MigrationPhase.Pending, MigrationPhase.Scheduling];
        FaultKind[] ofQemu =
        [
            FaultKind.ConnectionRefused, FaultKind.StreamBreaks, FaultKind.StreamStalls, FaultKind.TailLost, FaultKind.AcknowledgementLost, FaultKind.LoadFails,
            FaultKind.RingsDiffer, FaultKind.ImagesStayAway, FaultKind.ContFails,
        ];
        List<string> missing = [];
        void Require(string what, long count, long least)
        {
            if (count < least)
            {
                missing.Add($"{what}: {count} of at least {least}");
            }
        }

        foreach (FaultKind kind in FaultKinds.All.Where(k => k is not (FaultKind.ThirdPartyContAtSource or FaultKind.ThirdPartyContAtDestination)))
        {
            Require($"{kind}", coverage.Of(kind), 20);
            if (kind.IsAmbient() || ofQemu.Contains(kind))
            {
                continue;
            }

            foreach (MigrationPhase phase in (ReadOnlySpan<MigrationPhase>)[MigrationPhase.PreparingDestination, MigrationPhase.Iterating, MigrationPhase.Switchover, MigrationPhase.Verifying, MigrationPhase.RollingBack, MigrationPhase.Succeeded])
            {
                // A guest that has moved has no source's QEMU left that could die.
                if ((kind, phase) != (FaultKind.SourceQemuDies, MigrationPhase.Succeeded))
                {
                    Require($"{kind} in {phase}", coverage.Of(kind, phase), 10);
                }
            }
        }

        foreach (MigrationPhase phase in Enum.GetValues<MigrationPhase>().Except(passing))
        {
            Require($"phase {phase}", coverage.Of(phase), 100);
        }

        foreach (MigrationPhase phase in (ReadOnlySpan<MigrationPhase>)[MigrationPhase.PreparingDestination, MigrationPhase.Iterating, MigrationPhase.Switchover, MigrationPhase.Verifying, MigrationPhase.RollingBack, MigrationPhase.InDoubt])
        {
            Require($"cancel in {phase}", coverage.CancelsIn(phase), 3);
        }

        foreach (SourceStage stage in Enum.GetValues<SourceStage>().Except([SourceStage.ForeignRun]))
        {
            Require($"source {stage}", coverage.Of(stage), 5);
        }

        foreach (DestinationStage stage in Enum.GetValues<DestinationStage>())
        {
            Require($"destination {stage}", coverage.Of(stage), 5);
        }

        foreach (RegisterAnswer answer in Enum.GetValues<RegisterAnswer>())
        {
            Require($"answer {answer}", coverage.Of(answer), 50);
        }

        Assert.True(missing.Count == 0, string.Join(Environment.NewLine, missing));
    }
}
