using Coordinator.Domain;
using Coordinator.Domain.QemuModel;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests.Replay;

/// <summary>Traces as agents and observers record them, through the whole judge.</summary>
public sealed class ModelReplayTests
{
    private const string PauseCapabilities = """{"capabilities":[{"capability":"events","state":true},{"capability":"return-path","state":true},{"capability":"pause-before-switchover","state":true}]}""";

    private static readonly Copy Third = Copy.OfLaunch(A, new LaunchId(new Guid("cccccccc-0000-0000-0000-000000000000")));

    private readonly List<HistoryRecord> _records = [];
    private int _operations;

    private ModelReplayTests Command(Copy copy, double atMs, string name, string? arguments = null, string? error = null, bool answered = true)
    {
        string operation = $"agent-{copy.Host}-1.{++_operations}";
        _records.Add(new CommandSent(Micros(atMs), Vm, copy, operation, "main", name, arguments));
        if (answered)
        {
            _records.Add(new CommandReplied(Micros(atMs + 1), Vm, copy, operation, error, Run: null, Status: null));
        }

        return this;
    }

    private ModelReplayTests States(Copy copy, double atMs, string run, string status)
    {
        foreach (bool isStatus in new[] { false, true })
        {
            string operation = $"agent-{copy.Host}-1.{++_operations}";
            _records.Add(new CommandSent(Micros(atMs), Vm, copy, operation, "main", isStatus ? "query-migrate" : "query-status", Arguments: null));
            _records.Add(new CommandReplied(Micros(atMs + 1), Vm, copy, operation, Error: null, isStatus ? null : run, isStatus ? status : null));
        }

        return this;
    }

    private ModelReplayTests Events(Copy copy, double atMs, params string[] words)
    {
        foreach (string word in words)
        {
            bool isStatus = word is not ("STOP" or "RESUME");
            _records.Add(new EventSeen(Micros(atMs), Vm, copy, isStatus ? "MIGRATION" : word, isStatus ? word : null, ByObserver: true));

            // The agent has seen it as well, which must not count twice.
            _records.Add(new EventSeen(Micros(atMs), Vm, copy, isStatus ? "MIGRATION" : word, isStatus ? word : null, ByObserver: false));
        }

        return this;
    }

    private ModelReplayTests Launched(Copy copy, double atMs, bool incoming)
    {
        _records.Add(new QemuLaunched(Micros(atMs), Vm, copy, 1, incoming, ByObserver: true));
        return this;
    }

    private ModelReplayTests Exited(Copy copy, double atMs)
    {
        _records.Add(new QemuExited(Micros(atMs), Vm, copy, ByObserver: true));
        return this;
    }

    private ModelReplayTests Begun() => Launched(AtSource, 0, incoming: false).Command(AtSource, 5, "cont").Events(AtSource, 5.5, "RESUME");

    private ModelReplayTests Copied(Copy source, Copy destination, double atMs) => Launched(destination, atMs, incoming: true)
        .Command(destination, atMs + 1, "migrate-incoming", """{"uri":"tcp:0:0"}""").Events(destination, atMs + 1.5, "setup")
        .Command(source, atMs + 10, "migrate-set-capabilities", PauseCapabilities)
        .Command(source, atMs + 20, "migrate", """{"uri":"tcp:b:1"}""").Events(source, atMs + 20.5, "setup", "active").Events(destination, atMs + 20.6, "active")
        .Events(source, atMs + 30, "STOP", "pre-switchover");

    private ModelReplayTests Moved(Copy source, Copy destination, double atMs, string status = "completed") => Copied(source, destination, atMs)
        .Command(source, atMs + 31, "migrate-continue", """{"state":"pre-switchover"}""").Events(source, atMs + 31.5, "device")
        .Events(destination, atMs + 33, "completed").Events(source, atMs + 34, status).States(source, atMs + 35, "postmigrate", "completed")
        .Command(destination, atMs + 40, "cont").Events(destination, atMs + 40.5, "RESUME");

    private IReadOnlyList<Violation> Check(bool faults = false) => ModelReplay.Check(
        [.. (faults ? _records.Append(new FaultBegan(0, Party.Host(A), FaultKind.Slowed)) : _records).OrderBy(record => record.AtMicros)], new JudgeSettings());

    [Fact]
    public void Migration_ForthAndBack_IsExplained()
    {
        Begun().Moved(AtSource, AtDestination, 100).Command(AtSource, 150, "quit").Exited(AtSource, 160)
            .States(AtDestination, 170, "running", "completed").Moved(AtDestination, Third, 200).Command(AtDestination, 250, "quit", answered: false).Exited(AtDestination, 260);
        Assert.Empty(Check());
    }

    /// <summary>Seen on a busy machine: the observer noticed the end of the source after the next attempt's destination had been launched.</summary>
    [Fact]
    public void EndOfTheSource_NoticedInTheNextAttempt_IsExplained()
    {
        Begun().Moved(AtSource, AtDestination, 100).Command(AtSource, 150, "quit").States(AtDestination, 170, "running", "completed")
            .Exited(AtSource, 201).Moved(AtDestination, Third, 200);
        Assert.Empty(Check());
    }

    [Fact]
    public void SecondAttempt_OfTheSameSource_IsExplained()
    {
        Begun().Copied(AtSource, AtDestination, 100).Command(AtSource, 140, "migrate_cancel").Events(AtSource, 140.5, "cancelling").Events(AtSource, 141, "RESUME", "cancelled")
            .Events(AtDestination, 141, "failed").Exited(AtDestination, 150).Moved(AtSource, Third, 200);
        Assert.Empty(Check());
    }

    [Fact]
    public void UnknownStep_IsNamedWithItsPartOfTheHistory()
    {
        Begun().Moved(AtSource, AtDestination, 100).Events(AtSource, 180, "RESUME");
        Violation violation = Assert.Single(Check(faults: true));
        Assert.Equal(ModelReplay.Name, violation.Checker);
        Assert.StartsWith("part 1 of 1 of vm-1, from copy aaaaaaaa on a to copy bbbbbbbb on b: the model cannot explain 180.000 ms Source << Resume", violation.Sentence, StringComparison.Ordinal);
        Assert.Contains("Source PostMigrate/Completed", violation.Sentence, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void UnknownStep_InTheFirstPart_DoesNotHideTheSecond()
    {
        Begun().Moved(AtSource, AtDestination, 100).Events(AtSource, 180, "RESUME").Moved(AtDestination, Third, 200).Events(AtDestination, 280, "RESUME");
        Assert.Equal(2, Check().Count);
    }

    [Fact]
    public void HistoryWithoutTraces_HasNothingToReplay() => Assert.Empty(ModelReplay.Check(Good().Records, new JudgeSettings()));

    [Fact]
    public void AgentKilled_ItsLastCommandIsMissing_IsExplained()
    {
        Begun().Moved(AtSource, AtDestination, 100);
        _records.RemoveAll(record => record is CommandSent { Name: "cont" } or CommandReplied && record.AtMicros > Micros(139));
        Assert.Single(Check());
        _records.AddRange([new WriterBegan(0, "agent-b-1", B), new WriterBegan(Micros(500), "agent-b-2", B), new WriterEnded(Micros(900), "agent-b-2")]);
        Assert.Empty(Check());
    }
}
