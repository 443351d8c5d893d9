using Coordinator.Domain.QemuModel;
using Xunit;
using Xunit.Abstractions;

namespace Coordinator.Domain.Tests.QemuModel;

public sealed class ReachabilityTests(ITestOutputHelper output)
{
    /// <summary>Far above what is reached (about 35,000): a field that grows without bound fails here, and not by time.</summary>
    private const int StateLimit = 50_000;

    /// <summary>More progress steps in a row than any history has.</summary>
    private const int ProgressLimit = 30;

    private static readonly bool[] Either = [false, true];

    public static TheoryData<QemuVersion, QemuCapabilities, ImageReturn> Traits() => new()
    {
        { QemuVersion.V7, QemuCapabilities.None, ImageReturn.GuestRunsAllTheSame },
        { QemuVersion.V10, QemuCapabilities.PauseBeforeSwitchover, ImageReturn.GuestRunsAllTheSame },
        { QemuVersion.V7, History.Both, ImageReturn.GuestRunsAllTheSame },
        { QemuVersion.V10, History.Both, ImageReturn.GuestRunsAllTheSame },
        { QemuVersion.V10, History.Both, ImageReturn.MayFailForGood },
    };

    [Theory]
    [MemberData(nameof(Traits))]
    public void AnyHistory_AnyCommand_KeepsTheInvariants(QemuVersion version, QemuCapabilities capabilities, ImageReturn images)
    {
        int moves = 0;
        IReadOnlyCollection<QemuPair> states = ReachableStates.From(
            Qemu.Start(new(version, images), GuestBefore.Running, capabilities), ReachableStates.AnyCommand, Either, move =>
            {
                moves++;
                ModelInvariants.Check(move);
            });

        output.WriteLine($"{states.Count} states, {moves} moves");
        Assert.InRange(states.Count, 1_000, StateLimit);
        foreach (QemuPair state in states)
        {
            ModelInvariants.Check(state);
        }
    }

    [Theory]
    [InlineData(GuestBefore.PausedByUser)]
    [InlineData(GuestBefore.NeverRan)]
    public void GuestThatDidNotRun_WithoutCont_NeverRuns(GuestBefore guest)
    {
        IReadOnlyCollection<QemuPair> states = ReachableStates.From(Qemu.Start(default, guest), ReachableStates.WithoutCont, Either);

        Assert.DoesNotContain(states, state => state.Source.GuestRuns || state.Destination.GuestRuns);
    }

    [Fact]
    public void Progress_FromAnyState_ComesToAnEnd()
    {
        Dictionary<QemuPair, int> longest = [];
        int Longest(QemuPair pair, int above)
        {
            Assert.True(above < ProgressLimit, "progress goes round in circles");
            if (!longest.TryGetValue(pair, out int length))
            {
                length = Qemu.Steps(pair).Where(step => step.Nature == StepNature.Progress).Select(step => 1 + Longest(step.Next, above + 1))
                    .DefaultIfEmpty(0).Max();
                longest.Add(pair, length);
            }

            return length;
        }

        int found = ReachableStates.From(Qemu.Start(default), ReachableStates.AnyCommand, Either).Max(state => Longest(state, 0));

        output.WriteLine($"at most {found} progress steps in a row");
    }

    [Theory]
    [MemberData(nameof(Traits))]
    public void DestinationWithoutAutostart_WithoutCont_NeverRuns(QemuVersion version, QemuCapabilities capabilities, ImageReturn images)
    {
        IReadOnlyCollection<QemuPair> states = ReachableStates.From(
            Qemu.Start(new(version, images), GuestBefore.Running, capabilities), ReachableStates.WithoutCont, [false]);

        output.WriteLine($"{states.Count} states");
        Assert.DoesNotContain(states, state => state.Destination.GuestRuns);
    }

    [Theory]
    [InlineData(QemuCapabilities.None)]
    [InlineData(History.Both)]
    public void DestinationWithAutostart_WithoutCont_CanRunBesideTheSource(QemuCapabilities capabilities) =>
        Assert.Contains(
            ReachableStates.From(Qemu.Start(default, GuestBefore.Running, capabilities), ReachableStates.WithoutCont, [true]),
            state => state.Source.GuestRuns && state.Destination.GuestRuns);
}
