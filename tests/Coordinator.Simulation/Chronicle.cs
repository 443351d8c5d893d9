using System.Globalization;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.History;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>
/// The history of one schedule, as agents and observers of real runs write it, judged by the same checkers at the end. What the watch sees at once it sees by knowing everything;
/// this sees what a run on real machines shows.
/// </summary>
public sealed class Chronicle(World world)
{
    private readonly List<HistoryRecord> _records = [];
    private readonly Dictionary<(int Vm, AgentNode Agent, StoreInstanceId Store), Disk> _known = [];
    private readonly VmName[] _names = world.Vms.Select(vm => new VmName(vm.Name)).ToArray();
    private readonly Dictionary<string, (long AskedMicros, SourceMessage Message, RegisterAnswer? Told)> _asked = [];
    private int _operations;

    private long Now => world.Agenda.NowMicros;

    public void Changed(VirtualMachine vm, Machine machine, QemuProcess before, QemuProcess after)
    {
        if (after.GuestRuns != before.GuestRuns)
        {
            _records.Add(after.GuestRuns
                ? new RunBegan(Now, _names[vm.Number], CopyOf(machine))
                : new RunEnded(Now, _names[vm.Number], CopyOf(machine), ProcessEnded: !after.Alive));
        }

        if (machine.Side == Side.Source && after.Status == MigrationStatus.Completed && before.Status != MigrationStatus.Completed && after.Alive)
        {
            _records.Add(new SourceCompleted(Now, _names[vm.Number], machine.Host.Session(vm).Disk.Source.Started, CopyOf(machine)));
        }
    }

    public void Authorised(VirtualMachine vm, AttemptNo attempt) => _records.Add(new SwitchoverAuthorised(Now, _names[vm.Number], attempt));

    public void MigrateIssued(VirtualMachine vm, Machine machine, AttemptNo attempt) =>
        _records.Add(new MigrateIssued(Now, _names[vm.Number], attempt, CopyOf(machine)));

    public void Acknowledged(VirtualMachine vm, RequestId request, Guid migration) => _records.Add(new RequestAcknowledged(Now, _names[vm.Number], request, migration));

    public void Seen(VirtualMachine vm, MigrationState m) => _records.Add(new ResultSeen(Now, _names[vm.Number], m.Id, m.Phase, m.Verdict));

    /// <summary>The source asks or tells the register; each send is an operation of its own.</summary>
    public string Asks(AgentSession session, SourceMessage message)
    {
        string operation = (++_operations).ToString(CultureInfo.InvariantCulture);
        _records.Add(new RegisterInvoked(
            Now, _names[session.Vm.Number], message.Attempt, message.DestinationStore, operation,
            message is SourceMessage.Released ? RegisterOperationKind.Released : RegisterOperationKind.Refuse, session.Agent.Host));
        _asked[operation] = (Now, message, null);
        return operation;
    }

    /// <summary>The first answer to a question; another one that follows, as the register goes on, is what a question of its own would have been told.</summary>
    public void Answered(AgentSession session, string operation, RegisterReply reply)
    {
        (long askedMicros, SourceMessage message, RegisterAnswer? told) = _asked[operation];
        if (told == reply.Answer)
        {
            return;
        }

        _asked[operation] = (askedMicros, message, reply.Answer);
        VmName vm = _names[session.Vm.Number];
        string answered = operation;
        if (told is not null)
        {
            answered = (++_operations).ToString(CultureInfo.InvariantCulture);
            _records.Add(new RegisterInvoked(askedMicros, vm, message.Attempt, message.DestinationStore, answered, RegisterOperationKind.Read, session.Agent.Host));
        }

        _records.Add(new RegisterAnswered(Now, vm, answered, RegisterOutcomes.Of(reply.Answer)));
    }

    /// <summary>What has just become durable at an agent.</summary>
    public void Stored(AgentSession session)
    {
        (int, AgentNode, StoreInstanceId) key = (session.Vm.Number, session.Agent, session.Agent.Store);
        Disk before = _known.GetValueOrDefault(key) ?? new Disk();
        Disk after = session.Disk;
        _known[key] = after;
        VmName vm = _names[session.Vm.Number];
        if (after.Floor.Epoch > before.Floor.Epoch)
        {
            _records.Add(new EpochAccepted(Now, vm, session.Agent.Host, session.Agent.Store, after.Floor.Epoch, after.Floor.Incarnation));
        }

        if (after.Source.KeptByWord > before.Source.KeptByWord)
        {
            _records.Add(new SourceKeptByWord(Now, vm, after.Source.KeptByWord, Copy.OfLaunch(session.Agent.Host, after.Source.Launch)));
        }

        DestinationRecords was = before.Destination;
        DestinationRecords now = after.Destination;
        if (now == was || now.Attempt == AttemptNo.None)
        {
            return;
        }

        bool opened = now.Attempt != was.Attempt;
        if (opened)
        {
            Machine? source = session.Vm.Journal.State.Migration is { } m ? session.Vm.Hypervisors.Of(m.SourceLaunch) : null;
            _records.Add(new AttemptPrepared(
                Now, vm, now.Attempt, source is null ? null : CopyOf(source), Copy.OfLaunch(session.Agent.Host, now.Launch), session.Agent.Store));
            Kept(session, now.Attempt, RegisterOperationKind.Open);
        }

        RegisterValue value = opened ? RegisterValue.Empty : was.Register;
        if (now.Register != value)
        {
            Kept(session, now.Attempt, (value, now.Register) switch
            {
                (RegisterValue.Run, RegisterValue.Refused) => RegisterOperationKind.Withdraw,
                (_, RegisterValue.Refused) => RegisterOperationKind.SetRefused,
                _ => session.Destination.ReleasedNoted ? RegisterOperationKind.Grant : RegisterOperationKind.GrantByWord,
            });
        }

        if (now.Running >= now.Attempt && (opened || was.Running < now.Attempt))
        {
            Kept(session, now.Attempt, RegisterOperationKind.RecordRunning);
        }
    }

    /// <exception cref="ViolationException">A checker finds something.</exception>
    public void Judge()
    {
        foreach (VirtualMachine vm in world.Vms)
        {
            if (vm.Journal.State.Migration is { } m)
            {
                Seen(vm, m);
            }
        }

        // Attempts of an agent that has lost its state are begun anew, for all that it knows.
        bool forgets = world.Vms.Any(vm => vm.Happened.HasFlag(Happened.StateLost));

        // A register keeps `run` of an attempt that a person overruled, and says of an older attempt no more than that.
        bool overruled = world.Vms.Any(vm => vm.Happened.HasFlag(Happened.Overruled));
        JudgeSettings settings = new() { KeeperStepsComplete = true };
        HistoryRecord[] history = [.. _records.OrderBy(r => r.AtMicros)];
        Violation? found = RunOverlap.Check(history, settings)
            .Concat(overruled ? [] : RegisterLinearizability.Check(history, settings))
            .Concat(EpochOrder.Check(history))
            .Concat(AcknowledgedResults.Check(history))
            .Concat(forgets ? [] : RunOwnership.Check(history, settings))
            .FirstOrDefault();
        if (found is not null)
        {
            throw new ViolationException($"history: {found}");
        }
    }

    private void Kept(AgentSession session, AttemptNo attempt, RegisterOperationKind kind)
    {
        string operation = (++_operations).ToString(CultureInfo.InvariantCulture);
        _records.Add(new RegisterInvoked(Now, _names[session.Vm.Number], attempt, session.Agent.Store, operation, kind, session.Agent.Host));
        _records.Add(new RegisterAnswered(Now, _names[session.Vm.Number], operation, RegisterOutcome.Done));
    }

    private static Copy CopyOf(Machine machine) => Copy.OfLaunch(machine.Host.Host, machine.Launch);
}
