using Coordinator.Failpoints;
using Coordinator.Lab;

namespace Coordinator.Chaos.Failpoints;

public sealed class FailpointDirectoryTests : IDisposable
{
    private const string Name = "agent.floor.raise.before";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("fail-").FullName;
    private readonly List<string> _complaints = [];
    private readonly List<FailpointDeed> _signals = [];
    private readonly FailpointDirectory _failpoints;

    public FailpointDirectoryTests() => _failpoints = new FailpointDirectory(_folder, _complaints.Add, _signals.Add);

    private string Action => Path.Combine(_folder, Name);

    private string[] Hits => File.Exists(Path.Combine(_folder, "hits.log")) ? File.ReadAllLines(Path.Combine(_folder, "hits.log")) : [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Hit_WithoutAFile_DoesNothing()
    {
        Assert.True(_failpoints.HitAsync(Name, "vm-1").IsCompletedSuccessfully);
        Assert.Empty(Hits);
    }

    [Theory]
    [InlineData("kill", FailpointDeed.Kill)]
    [InlineData("stop", FailpointDeed.Stop)]
    public void Hit_OfKillOrStop_SignalsAtOnceAndIsLoggedBefore(string text, FailpointDeed deed)
    {
        File.WriteAllText(Action, text + "\n");

        Assert.True(_failpoints.HitAsync(Name, "vm-1").IsCompletedSuccessfully);

        Assert.Equal([deed], _signals);
        Assert.EndsWith($"{Name} vm=vm-1 {text}", Assert.Single(Hits), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hit_OfHold_WaitsUntilItsFileIsDeletedAndOthersPass()
    {
        File.WriteAllText(Action, "hold vm=vm-1");

        Task held = _failpoints.HitAsync(Name, "vm-1").AsTask();
        await Eventually.BecomesTrue(() => File.Exists(Action + ".held"), s_limit, "the hold to show");

        Assert.True(_failpoints.HitAsync(Name, "vm-2").IsCompletedSuccessfully);
        Assert.False(held.IsCompleted);
        Assert.Equal($"{Environment.ProcessId} vm-1\n", File.ReadAllText(Action + ".held"));
        File.Delete(Action);
        await held.WaitAsync(s_limit);
        Assert.False(File.Exists(Action + ".held"));
    }

    [Fact]
    public void Hit_OfAnError_ThrowsWhatHandlesOfInputAndOutputCatch()
    {
        File.WriteAllText(Action, "error");

        Assert.ThrowsAny<IOException>(() => { _ = _failpoints.HitAsync(Name, "vm-1"); });
    }

    [Fact]
    public async Task Hit_FromTheThirdOn_ActsFromTheThirdOnAndCountsOnlyItsVm()
    {
        File.WriteAllText(Action, "3*delay 1ms vm=vm-1");

        for (int i = 0; i < 4; i++)
        {
            await _failpoints.HitAsync(Name, "vm-1");
            await _failpoints.HitAsync(Name, "vm-2");
        }

        Assert.Equal(2, Hits.Length);
    }

    [Theory]
    [InlineData("explode")]
    [InlineData("delay")]
    [InlineData("delay 5")]
    [InlineData("delay 2h")]
    [InlineData("delay 9000s")]
    [InlineData("0*kill")]
    [InlineData("kill vm=")]
    [InlineData("99999999999*kill")]
    public void Hit_OfMalformedText_ComplainsOnceAndDoesNothing(string text)
    {
        File.WriteAllText(Action, text);

        Assert.True(_failpoints.HitAsync(Name, "vm-1").IsCompletedSuccessfully);
        Assert.True(_failpoints.HitAsync(Name, "vm-1").IsCompletedSuccessfully);

        Assert.Contains($"'{text}' is no action", Assert.Single(_complaints), StringComparison.Ordinal);
        Assert.Empty(_signals);
        Assert.Empty(Hits);
    }

    [Fact]
    public void Hit_WithATrace_IsWrittenDownWithoutAnAction()
    {
        File.WriteAllText(Path.Combine(_folder, "trace"), "");

        Assert.True(_failpoints.HitAsync(Name, "vm-1").IsCompletedSuccessfully);

        Assert.EndsWith($"{Name} vm-1", Assert.Single(File.ReadAllLines(Path.Combine(_folder, "trace.log"))), StringComparison.Ordinal);
    }

    /// <summary>This process has none: a place that is off costs one look at a constant.</summary>
    [Fact]
    public void Failpoints_WithoutTheVariable_AreOff()
    {
        Assert.False(Failpoint.IsOn);
        Assert.True(Failpoint.HitAsync(Name, "vm-1").IsCompletedSuccessfully);
    }
}
