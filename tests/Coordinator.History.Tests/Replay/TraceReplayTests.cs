using Coordinator.Domain.QemuModel;

namespace Coordinator.History.Tests.Replay;

public sealed class TraceReplayTests
{
    private static readonly ReplaySettings Calm = new();
    private static readonly ReplaySettings Faulty = new() { FaultsAllowed = true };

    // Both versions: what one of them does is explained, whichever it was.
    private static IEnumerable<QemuPair> Sources(QemuVersion? version) =>
        Enum.GetValues<QemuVersion>().Where(v => version is null || v == version).Select(v => Qemu.Start(new QemuTraits(v), GuestBefore.Running, QemuCapabilities.None));

    private static ReplayResult Replay(string trace, ReplaySettings settings, QemuVersion? version = null) => TraceReplay.Replay(Sources(version), TraceText.Parse(trace), settings);

    [Theory]
    [InlineData(MeasuredTraces.PlainV7, QemuVersion.V7, false)]
    [InlineData(MeasuredTraces.PlainV10, QemuVersion.V10, false)]
    [InlineData(MeasuredTraces.PauseBeforeSwitchover, QemuVersion.V10, false)]
    [InlineData(MeasuredTraces.CancelWhileActive, null, false)]
    [InlineData(MeasuredTraces.CancelInPreSwitchover, null, false)]
    [InlineData(MeasuredTraces.CancelInDeviceThatWins, null, false)]
    [InlineData(MeasuredTraces.CancelInDeviceThatLoses, null, false)]
    [InlineData(MeasuredTraces.DestinationKilledWhileActive, null, false)]
    [InlineData(MeasuredTraces.DestinationKilledInPreSwitchover, null, false)]
    [InlineData(MeasuredTraces.DestinationKilledAfterCompletion, null, false)]
    [InlineData(MeasuredTraces.SourceKilledInPreSwitchover, null, false)]
    [InlineData(MeasuredTraces.SourceKilledAfterCompletion, null, false)]
    [InlineData(MeasuredTraces.YankOfAStalledStream, null, true)]
    [InlineData(MeasuredTraces.StreamBrokenWhileActive, null, true)]
    public void MeasuredTrace_IsExplained(string trace, QemuVersion? version, bool faults)
    {
        ReplayResult result = Replay(trace, faults ? Faulty : Calm, version);
        Assert.True(result.Explained, result.ToString());
        Assert.NotEmpty(result.FinalStates);
        Assert.True(result.Configurations < 50_000, $"{result.Configurations} configurations");
    }

    [Fact]
    public void PlainTrace_OfTheOtherVersion_IsNotExplained()
    {
        // 7.2 keeps the word "active" for the last part of a plain precopy.
        Assert.False(Replay(MeasuredTraces.PlainV10, Faulty, QemuVersion.V7).Explained);
        Assert.False(Replay(MeasuredTraces.PlainV7, Faulty, QemuVersion.V10).Explained);
    }

    [Fact]
    public void BrokenStream_InACalmRun_IsNotExplained()
    {
        ReplayResult result = Replay(MeasuredTraces.StreamBrokenWhileActive, Calm);
        Assert.False(result.Explained);
        Assert.Contains("Source << Migration failed", string.Join(' ', result.Unexplained), StringComparison.Ordinal);
    }

    [Fact]
    public void SourceResumes_AfterCompletedWithoutCont_IsNotExplained()
    {
        ReplayResult result = Replay(MeasuredTraces.SourceKilledAfterCompletion.Replace("2.600 src ended", "2.600 src << RESUME {}", StringComparison.Ordinal), Faulty);
        Assert.False(result.Explained);
        Assert.Contains("Source << Resume", result.ToString(), StringComparison.Ordinal);
        Assert.Contains("source PostMigrate/Completed", result.ToString(), StringComparison.Ordinal);
        Assert.Contains(result.Prefix, item => item is TraceItem.Happened { Event: { Side: Side.Source, Status: MigrationStatus.Completed } });
    }

    [Fact]
    public void DestinationCompletes_WithoutAStream_IsNotExplained() => Assert.False(Replay("""
        1.000 dst launched
        1.010 dst << MIGRATION {"status": "setup"}
        1.010 dst >> migrate-incoming {"uri": "unix:/d"} -> {"return": {}}
        2.506 dst << MIGRATION {"status": "completed"}
        """, Faulty).Explained);

    [Fact]
    public void DestinationRuns_WithoutCont_IsNotExplained() =>
        Assert.False(Replay(MeasuredTraces.PauseBeforeSwitchover.Replace("24.110 dst >> cont {} -> {\"return\": {}}\n", "", StringComparison.Ordinal), Faulty).Explained);

    [Fact]
    public void SourceCompletes_WithReturnPathBeforeTheDestinationLoaded_IsNotExplained() =>
        Assert.False(Replay(MeasuredTraces.SourceKilledAfterCompletion.Replace("2.510 dst << MIGRATION", "2.580 dst << MIGRATION", StringComparison.Ordinal), Calm with { EventDelayMicros = 50_000 }).Explained);

    [Theory]
    [InlineData("2.012 dst << MIGRATION", "2.480 dst << MIGRATION")]
    [InlineData("2.012 dst << MIGRATION", "2.501 dst << MIGRATION")]
    [InlineData("2.501 src << MIGRATION {\"status\": \"pre-switchover\"}", "2.5005 src run=finish-migrate migrate=active\n2.501 src << MIGRATION {\"status\": \"pre-switchover\"}")]
    [InlineData("2.013 src << MIGRATION", "2.2 src run=running migrate=setup\n2.2 dst run=inmigrate migrate=active\n2.3 src << MIGRATION")]
    [InlineData("2.500 src << STOP", "2.4 dst run=inmigrate migrate=active\n2.500 src << STOP")]
    public void StatesBetweenTheModelsSteps_AreExplained(string from, string to)
    {
        string trace = MeasuredTraces.CancelInDeviceThatLoses.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(MeasuredTraces.CancelInDeviceThatLoses, trace);
        ReplayResult result = Replay(trace, Calm with { EventDelayMicros = 5_000 });
        Assert.True(result.Explained, result.ToString());
    }

    /// <summary>Seen with a relay between the hosts.</summary>
    [Fact]
    public void SourceConnectsToADeadDestinationsRelay_AndFails_IsExplainedWithFaultsOnly()
    {
        const string Trace = """
            1.000 dst launched
            1.010 dst << MIGRATION {"status": "setup"}
            1.010 dst >> migrate-incoming {"uri": "tcp:b:1"} -> {"return": {}}
            2.000 dst ended
            2.100 src >> migrate {"uri": "tcp:b:1"} -> {"return": {}}
            2.101 src << MIGRATION {"status": "setup"}
            2.102 src << MIGRATION {"status": "active"}
            2.103 src << MIGRATION {"status": "failed"}
            """;
        ReplayResult result = Replay(Trace, Faulty);
        Assert.True(result.Explained, result.ToString());
        Assert.False(Replay(Trace, Calm).Explained);
    }

    [Fact]
    public void SourceLeavesPreSwitchover_WithoutContinue_IsNotExplained() => Assert.False(
        Replay(MeasuredTraces.CancelInDeviceThatLoses.Replace("2.502 src >> migrate-continue {\"state\": \"pre-switchover\"} -> {\"return\": {}}\n", "", StringComparison.Ordinal), Faulty).Explained);

    [Fact]
    public void Cont_AcceptedInFinishMigrate_IsNotExplained() => Assert.False(Replay(
        MeasuredTraces.DestinationKilledInPreSwitchover.Replace("9.600 src run=", "9.500 src >> cont -> {\"return\": {}}\n9.600 src run=", StringComparison.Ordinal), Faulty).Explained);

    [Fact]
    public void Cont_RefusedInFinishMigrate_IsExplained() => Assert.True(Replay(
        MeasuredTraces.DestinationKilledInPreSwitchover.Replace(
            "9.600 src run=", "9.500 src >> cont -> {\"error\": {\"desc\": \"Migration is not finalized yet\"}}\n9.600 src run=", StringComparison.Ordinal), Calm).Explained);

    [Fact]
    public void Query_AnsweredWhileTheMonitorIsBlocked_IsNotExplained()
    {
        // The answer would have to be given between migrate-continue and the yank, while the stream stands still.
        string trace = MeasuredTraces.YankOfAStalledStream.Replace("105.791 dst:", "100.000 src: run=paused/running=False migrate=device\n105.791 dst:", StringComparison.Ordinal);
        Assert.False(Replay(trace, Faulty).Explained);
    }

    [Fact]
    public void ClocksOfTwoHosts_ApartButWithinTheSkew_AreExplained()
    {
        // The destination's clock is 30 ms behind.
        IReadOnlyList<TraceItem> skewed = [.. TraceText.Parse(MeasuredTraces.CancelInDeviceThatLoses)
            .Select(item => item.Side == Side.Destination ? item with { AtMicros = item.AtMicros - 30_000 } : item)];
        Assert.True(TraceReplay.Replay(Sources(null), skewed, new ReplaySettings { ClockSkewMicros = 40_000 }).Explained);
        Assert.False(TraceReplay.Replay(Sources(null), skewed, new ReplaySettings { EventDelayMicros = 1_000 }).Explained);
    }

    [Fact]
    public void CommandsLostWithAKilledAgent_AreAssumedInTheGap()
    {
        IReadOnlyList<TraceItem> full = TraceText.Parse(MeasuredTraces.PauseBeforeSwitchover);
        TraceItem[] lost = [.. full.Where(item => item is not (TraceItem.Sent { Command.Text: "cont" } or TraceItem.Replied { Command.Text: "cont" }))];
        Assert.False(TraceReplay.Replay(Sources(null), lost, Faulty).Explained);
        Assert.True(TraceReplay.Replay(Sources(null),
            [.. lost, new TraceItem.GapBegan(24_000_000, Side.Destination), new TraceItem.GapEnded(25_000_000, Side.Destination)], Faulty).Explained);
    }
}
