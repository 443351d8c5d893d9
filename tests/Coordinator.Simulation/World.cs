using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>Everything that there is in one schedule, single-threaded, with one clock.</summary>
public sealed class World
{
    /// <summary>Faults that have not found their moment until then do not happen any more.</summary>
    private const long FaultsUntilMicros = 60_000_000;

    /// <summary>A simulation that makes more steps than this does not come to rest.</summary>
    private const int MaxSteps = 100_000;

    private readonly List<string>? _trace;
    private readonly FaultInjector _faults;
    private bool _isAtRest;
    private int _journalDown;
    private long _lastProgressMicros;

    public World(Schedule schedule, ProtocolRules rules, Coverage coverage, List<string>? trace = null)
    {
        Schedule = schedule;
        Rules = rules;
        Coverage = coverage;
        _trace = trace;
        Vms = Enumerable.Range(0, schedule.Vms).Select(i => new VirtualMachine(this, i)).ToArray();
        Coordinators = [new CoordinatorNode(this, 0), new CoordinatorNode(this, 1)];
        Agents = Enumerable.Range(0, schedule.Hosts).Select(i => new AgentNode(this, new HostName($"host-{(char)('a' + i)}"), 2 + i)).ToArray();
        Network = new Network(this, 2 + schedule.Hosts);
        Chronicle = new Chronicle(this);
        Watch = new Watch(this);
        _faults = new FaultInjector(this);
        bool isAmbient = schedule.Loss > 0 || schedule.Doubling > 0 || schedule.Lateness > 0;
        AmbientUntilMicros = isAmbient ? Dice.Of(schedule.Seed, 2).Between(2_000_000, 30_000_000) : 0;
    }

    public Schedule Schedule { get; }

    public ProtocolRules Rules { get; }

    public Coverage Coverage { get; }

    public Agenda Agenda { get; } = new();

    public Network Network { get; }

    public Watch Watch { get; }

    public Chronicle Chronicle { get; }

    public IReadOnlyList<VirtualMachine> Vms { get; }

    public IReadOnlyList<CoordinatorNode> Coordinators { get; }

    public IReadOnlyList<AgentNode> Agents { get; }

    public FaultInjector Triggers => _faults;

    public int Steps { get; private set; }

    public bool Tells => _trace is not null;

    public long JournalSlowUntilMicros { get; set; }

    public bool IsJournalDown => _journalDown > 0;

    /// <summary>Until then the network loses, doubles and delays as the schedule says.</summary>
    public long AmbientUntilMicros { get; }

    /// <summary>No fault will happen any more, and none is under way.</summary>
    public bool IsCalm => _faults.AreOver && Agenda.NowMicros >= AmbientUntilMicros;

    public AgentNode AgentOf(HostName host) => Agents.First(a => a.Host == host);

    public void Tell(string party, string what) =>
        _trace?.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Agenda.NowMicros / 1_000_000.0,11:F6} #{Steps,-5} {party,-34} {what}"));

    /// <summary>Runs to rest; throws what it finds.</summary>
    public void Run()
    {
        Begin();
        try
        {
            while (Agenda.Step())
            {
                Steps++;
                _faults.Count();
                if (Steps > MaxSteps)
                {
                    throw new ViolationException($"no rest after {MaxSteps} steps, {Agenda.NowMs / 1_000} s");
                }

                if (_isAtRest)
                {
                    break;
                }
            }

            Watch.End();
        }
#pragma warning disable CA1031 // The decision code may break in any way, and whatever it is belongs to a seed.
        catch (Exception defect) when (defect is not ViolationException)
#pragma warning restore CA1031
        {
            throw new ViolationException($"a defect: {defect.GetType().Name}: {defect.Message}{PlaceOf(defect)}");
        }
    }

    /// <summary>Somebody who has to act for the VM cannot, or not as fast as usual.</summary>
    public void Disturb(VirtualMachine vm, long micros = 0) => vm.DisturbedUntilMicros = Math.Max(vm.DisturbedUntilMicros, Agenda.NowMicros + micros);

    public void DisturbAll(long micros)
    {
        foreach (VirtualMachine vm in Vms)
        {
            Disturb(vm, micros);
        }
    }

    public void StopJournal(long micros)
    {
        _journalDown++;
        Agenda.After(micros, () => _journalDown--);
    }

    public void NoteDeath(VirtualMachine vm, Machine machine)
    {
        vm.Killed.Add(machine.Launch);
        vm.Happened |= Happened.QemuDied;
        Disturb(vm);
    }

    public void Journalled(VirtualMachine vm, Incarnation by, IReadOnlyList<VmEvent> events)
    {
        _lastProgressMicros = Agenda.NowMicros;
        foreach (VmEvent happened in events)
        {
            if (Tells)
            {
                Tell(by.ToString(), $"journals {happened.GetType().Name} {Short(happened)}");
            }
        }

        Watch.Journalled(vm, events);
        _faults.Phase(vm);
        if (vm.Journal.State.Migration is { } m && m.Phase.IsTerminal())
        {
            vm.Client.Ended();
        }
    }

    private void Begin()
    {
        foreach (VirtualMachine vm in Vms)
        {
            vm.Begin();
            Dice dice = Dice.Of(Schedule.Seed, 500 + vm.Number);
            AgentNode home = Agents[dice.Below(Agents.Count)];
            LaunchId launch = new(dice.NewGuid());
            vm.Hypervisors.Boot(launch, home, Schedule.Guest);
            vm.Journal.TryAppend(0, [new VmEvent.VmStartOrdered(new RequestId("s1"), home.Host, launch, ""), new VmEvent.VmResident(home.Host, launch)]);
            home.Session(vm).Install(disk => disk.With(launch, new LaunchNote(IsGone: false, IsIdentified: true)) with { Resident = launch });
        }

        foreach (AgentNode agent in Agents)
        {
            agent.Begin();
        }

        foreach (VirtualMachine vm in Vms)
        {
            vm.Succeed(1_000);
            vm.Client.Begin();
        }

        new Person(this).Begin();
        Agenda.After(FaultsUntilMicros, _faults.GiveUp);
        Look();
    }

    /// <summary>Every half second of virtual time: is there still something to come?</summary>
    private void Look()
    {
        Watch.Look();
        bool isSettled = Vms.All(Watch.IsSettled);
        if (isSettled)
        {
            // What is drawn for a moment that never comes is not waited for.
            _faults.GiveUp();
            bool inDoubt = Vms.Any(v => v.Journal.State.Migration is { Phase: MigrationPhase.InDoubt });
            long quietMicros = Agenda.NowMicros - Math.Max(_lastProgressMicros, Watch.CalmSinceMicros ?? Agenda.NowMicros);
            _isAtRest = IsCalm && quietMicros > (inDoubt ? 15_000_000 : 700_000);
        }

        if (!_isAtRest)
        {
            Agenda.After(500_000, Look);
        }
    }

    private static string PlaceOf(Exception defect) => defect.StackTrace?.Split('\n')[0].TrimEnd() ?? "";

    private static string Short(VmEvent happened) => happened switch
    {
        VmEvent.AttemptEnded e => $"{e.Attempt}: {e.Reason}",
        VmEvent.MigrationEnded e => $"{e.Phase}: {e.Reason}",
        VmEvent.IncarnationStarted e => $"epoch {e.Epoch}",
        VmEvent.DoubtRaised e => e.Evidence,
        VmEvent.GuestLost e => e.Evidence,
        VmEvent.AttemptOpened e => $"{e.Attempt}, launch {e.Launch}",
        VmEvent.MigrationRequested e => $"{e.Source} -> {e.Destination}",
        VmEvent.DebtSettled e => $"{e.Host} attempt {e.Attempt}",
        _ => "",
    };
}
