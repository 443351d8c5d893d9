using CsCheck;
using static Coordinator.History.RegisterOperationKind;
using static Coordinator.History.RegisterOutcome;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

/// <summary>
/// Histories of a simple register that does everything at one moment, seen through random delays before and after that moment: always linearizable. The register here knows
/// nothing of the specification's sets of states.
/// </summary>
public sealed class RegisterPropertyTests
{
    private static readonly JudgeSettings Complete = new() { KeeperStepsComplete = true };

    private static readonly RegisterOperationKind[] Kinds = [Released, Refuse, Read, Open, Grant, SetRefused, Withdraw, RecordRunning, Read, Released];

    private static readonly Gen<(RegisterOperationKind Kind, int Before, int After, bool Answered)[]> Scripts = Gen.Select(
        Gen.Int[0, Kinds.Length - 1].Select(i => Kinds[i]), Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[0, 9].Select(i => i > 0)).Array[1, 24];

    [Fact]
    public void RandomHistory_OfOneRegister_IsLinearizable() => Scripts.Sample(
        script => Assert.Empty(RegisterLinearizability.Check(Seen(script).Records, Complete)), iter: 2_000, print: Print);

    [Fact]
    public void RandomHistory_WithAFinalAnswerFlipped_IsRefused() => Scripts.Sample(
        script =>
        {
            // Asked once more when all is over, and answered with the opposite of what was decided.
            (MigrationHistory history, SimpleRegister register) = Performed(script);
            RegisterOutcome truth = register.Answer;
            RegisterOutcome? flipped = truth switch { RegisterOutcome.Run or Running => Refused, Refused => Running, _ => null };

            // A withdrawal that was never answered may take effect at any time later.
            if (flipped is { } lie && !script.Any(step => step is { Kind: Withdraw, Answered: false }))
            {
                Assert.Empty(RegisterLinearizability.Check(history.Operation(Read, 10_000, 10_001, truth).Records, Complete));
                Assert.Single(RegisterLinearizability.Check(history.Operation(Read, 10_002, 10_003, lie).Records, Complete));
            }
        }, iter: 2_000, print: Print);

    [Fact]
    public void RandomHistory_WithoutDelays_AndOneAnswerFlipped_IsRefused() => Gen.Select(Scripts, Gen.Int[0, 1000]).Sample(
        (script, at) =>
        {
            // Without overlaps there is only one order, so any answer that is the opposite of the truth has no place in it.
            (RegisterOperationKind Kind, int Before, int After, bool Answered)[] sharp = [.. script.Select(step => (step.Kind, 0, 0, true))];
            HistoryRecord[] records = [.. Performed(sharp).History.Records];
            int[] decided = [.. Enumerable.Range(0, records.Length).Where(i => records[i] is RegisterAnswered { Outcome: RegisterOutcome.Run or Running or Refused })];
            if (decided.Length > 0)
            {
                int flipped = decided[at % decided.Length];
                RegisterAnswered answered = (RegisterAnswered)records[flipped];
                records[flipped] = answered with { Outcome = answered.Outcome == Refused ? RegisterOutcome.Run : Refused };
                Assert.Single(RegisterLinearizability.Check(records, Complete));
            }
        }, iter: 2_000);

    [Fact]
    public void LongHistory_OfManyRepetitions_IsJudgedQuickly()
    {
        MigrationHistory history = new MigrationHistory().Operation(Open, 0, 1, Done);
        for (int i = 0; i < 400; i++)
        {
            history.Operation(Released, 10, 1000 + i, Undecided);
        }

        history.Operation(Grant, 990, 1500, Done);
        for (int i = 0; i < 400; i++)
        {
            history.Operation(Read, 10, 2000 + i, RegisterOutcome.Run);
        }

        Assert.Empty(RegisterLinearizability.Check(history.Records, Complete));
        Assert.Single(RegisterLinearizability.Check(history.Operation(Read, 3000, 3001, Refused).Records, Complete));
    }

    private static MigrationHistory Seen((RegisterOperationKind, int, int, bool)[] script) => Performed(script).History;

    private static (MigrationHistory History, SimpleRegister Register) Performed((RegisterOperationKind Kind, int Before, int After, bool Answered)[] script)
    {
        MigrationHistory history = new();
        SimpleRegister register = new();
        for (int i = 0; i < script.Length; i++)
        {
            double moment = 100 + (i * 10);
            RegisterOutcome outcome = register.Do(script[i].Kind);
            history.Operation(script[i].Kind, moment - script[i].Before, moment + script[i].After, script[i].Answered ? outcome : null);
        }

        return (history, register);
    }

    private static string Print((RegisterOperationKind Kind, int Before, int After, bool Answered)[] script) =>
        string.Join("; ", script.Select(step => $"{step.Kind} -{step.Before} +{step.After}{(step.Answered ? "" : " unanswered")}"));

    private sealed class SimpleRegister
    {
        private bool _released;

        public RegisterOutcome Answer { get; private set; } = Unknown;

        public RegisterOutcome Do(RegisterOperationKind kind)
        {
            switch (kind)
            {
                case Open:
                    return Change(Answer == Unknown, Undecided);
                case Grant:
                    return Change(Answer == Undecided && _released, RegisterOutcome.Run);
                case SetRefused:
                    return Answer == Refused ? Done : Change(Answer is Unknown or Undecided, Refused);
                case Withdraw:
                    return Change(Answer == RegisterOutcome.Run, Refused);
                case RecordRunning:
                    return Answer == Running ? Done : Change(Answer == RegisterOutcome.Run, Running);
                case Released:
                    _released |= Answer != Unknown;
                    return Answer;
                case Refuse:
                    Answer = Answer == Undecided ? Refused : Answer;
                    return Answer;
                default:
                    return Answer;
            }
        }

        private RegisterOutcome Change(bool allowed, RegisterOutcome to)
        {
            Answer = allowed ? to : Answer;
            return allowed ? Done : NotDone;
        }
    }
}
