using Akka.Actor;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Migrations;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Google.Protobuf;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>
/// Two hosts around the pure model of QEMU: steps of the entity are carried out at once, on its thread, and answered with reports. Nothing here
/// decides for the product: both agents use the domain's own decisions.
/// </summary>
internal sealed partial class FakeWorld : IHostMail, IHostDirectory
{
    private readonly Lock _turn = new();
    private readonly Dictionary<string, FakeHost> _hosts = new[] { "host-a", "host-b" }.ToDictionary(n => n, n => new FakeHost(n));
    private readonly Queue<IWireMessage> _late = [];
    private QemuPair _pair;

    public const string Vm = "web-1";

    public IActorRef? Entity { get; set; }

    /// <summary>Takes what the hosts say, in the place of <see cref="Entity"/>: the way through real streams.</summary>
    public Action<IWireMessage>? Outlet { get; set; }

    public FakeRings Rings { get; } = new();

    /// <summary>Steps of QEMU that must wait.</summary>
    public HashSet<QemuStepKind> Held { get; } = [];

    /// <summary>Kinds of steps that never arrive.</summary>
    public HashSet<Step.CommandOneofCase> Lost { get; } = [];

    /// <summary>The destination's agent does not get to its <c>cont</c>.</summary>
    public bool HoldsContinue { get; set; }

    /// <summary>The two agents do not reach each other.</summary>
    public bool LinkCut { get; set; }

    /// <summary>Every report comes twice, and an old one again after it.</summary>
    public bool Disorderly { get; set; }

    public string GuestHost { get; private set; } = "";

    public string OtherHost => GuestHost == "host-a" ? "host-b" : "host-a";

    public FakeHost A => _hosts["host-a"];

    public FakeHost B => _hosts["host-b"];

    /// <summary>Copies of the guest that run at this moment; more than one is the end of everything.</summary>
    public int Running
    {
        get
        {
            lock (_turn)
            {
                return (_pair.Source.GuestRuns ? 1 : 0) + (_pair.Destination.GuestRuns ? 1 : 0);
            }
        }
    }

    /// <summary>A launched guest is shown as it is before its agent has continued it.</summary>
    public bool NotContinued { get; set; }

    public int MostRunning { get; private set; }

    public IReadOnlyList<KnownHost> All => _hosts.Values.Select(h => Find(h.Name)!).ToList();

    public KnownHost? Find(string host) =>
        _hosts.TryGetValue(host, out FakeHost? known) ? new KnownHost(host, !known.Unreachable, "node", 0, new Hello { Host = host }) : null;

    public void Send(HostName host, CoordinatorMessage message)
    {
        lock (_turn)
        {
            FakeHost to = _hosts[host.Value];
            if (to.Unreachable || message.Step is not { } step || Lost.Contains(step.CommandCase))
            {
                return;
            }

            to.Steps.Add(step);
            StepAnswer answer = Answer(to, step);
            Settle();
            Tell(new AgentAnswered(step.Vm, to.Name, answer.ToByteArray()));
            Report();
        }
    }

    /// <summary>Changes something between two steps; what follows from it happens and is reported.</summary>
    public void Change(Action<FakeWorld> change)
    {
        lock (_turn)
        {
            change(this);
            Settle();
            Report();
        }
    }

    /// <summary>Its processes die with it, and nothing says so.</summary>
    public void SwitchOff(FakeHost host) => Change(w =>
    {
        host.Off = host.Unreachable = true;
        w._pair = Qemu.ProcessDied(w._pair, host.Name == w.GuestHost ? Side.Source : Side.Destination);
    });

    public void KillDestination() => Change(w => w._pair = Qemu.ProcessDied(w._pair, Side.Destination));

    public void KillSource() => Change(w => w._pair = Qemu.ProcessDied(w._pair, Side.Source));

    public void Release() => Change(w =>
    {
        w.Held.Clear();
        w.Lost.Clear();
        w.A.Refuses.Clear();
        w.B.Refuses.Clear();
        w.A.Unreachable = false;
        w.B.Unreachable = false;
    });

    public void Sample(uint lastAvail)
    {
        lock (_turn)
        {
            ProgressSample sample = new()
            {
                Vm = Vm,
                Host = GuestHost,
                Attempt = _hosts[GuestHost].Source.Attempt.Value,
                Pass = new Pass { Number = 2, RemainingBytes = 4_096, ElapsedMs = 305 }
            };
            sample.Provisional.AddRange(Rings.SourceSample(lastAvail));
            Tell(new AgentSampled(Vm, GuestHost, sample.ToByteArray()));
        }
    }

    private StepAnswer Answer(FakeHost host, Step step)
    {
        Epoch epoch = new(step.Epoch);
        IncarnationId incarnation = new(WireIds.Read("incarnation", step.Incarnation));
        StepAnswer answer = new() { Vm = step.Vm, Epoch = step.Epoch, StepNo = step.StepNo, FloorEpoch = host.Floor.Epoch.Value };
        if (!host.Floor.Admits(epoch, incarnation))
        {
            answer.Outcome = StepOutcome.Fenced;
            answer.Reason = host.Floor.Refusal(epoch);
            return answer;
        }

        StoreInstanceId meant = new(WireIds.Read("store", step.StoreInstance));
        Assert.Equal(step.CommandCase == Step.CommandOneofCase.Fence ? StoreInstanceId.None : host.Store, meant);
        host.Floor = host.Floor.Raise(epoch, incarnation);
        if (host.StepLog.TryGetValue((step.Epoch, step.StepNo), out StepAnswer? stored))
        {
            return stored;
        }

        (answer.Outcome, answer.Reason) = host.Refuses.TryGetValue(step.CommandCase, out (StepOutcome, string) refusal) ? refusal : Carry(host, step);
        if (answer.Outcome is StepOutcome.Accepted or StepOutcome.Rejected)
        {
            host.StepLog[(step.Epoch, step.StepNo)] = answer;
        }

        return answer;
    }

    private (StepOutcome Outcome, string Reason) Carry(FakeHost host, Step step)
    {
        switch (step.CommandCase)
        {
            case Step.CommandOneofCase.Fence:
                return (StepOutcome.Accepted, "");
            case Step.CommandOneofCase.Launch:
                LaunchId launch = new(WireIds.Read("launch", step.Launch.Launch));
                if (host.Launch != launch)
                {
                    host.Launch = launch;
                    _pair = Qemu.Start(new QemuTraits());
                    GuestHost = host.Name;
                }

                return (StepOutcome.Accepted, "");
            case Step.CommandOneofCase.EndVm:
                _pair = Qemu.Execute(_pair, Side.Source, QemuCommand.Quit).Next;
                return (StepOutcome.Accepted, "");
            case Step.CommandOneofCase.Prepare:
                return Reply(DecideDestination(host,
                    new DestinationInput.Prepare(new AttemptNo(step.Prepare.Attempt), new LaunchId(WireIds.Read("launch", step.Prepare.Launch)))));
            case Step.CommandOneofCase.Rehearse:
                host.Rehearsed = step.Rehearse.Attempt;
                return (StepOutcome.Accepted, "");
            case Step.CommandOneofCase.Start:
                return Reply(DecideSource(host,
                    new SourceInput.Start(new AttemptNo(step.Start.Attempt), new StoreInstanceId(WireIds.Read("store", step.Start.DestinationStore)))));
            case Step.CommandOneofCase.Cancel:
                return Reply(DecideSource(host, new SourceInput.Cancel(new AttemptNo(step.Cancel.Attempt))));
            case Step.CommandOneofCase.CleanUp:
                return Reply(DecideDestination(host, new DestinationInput.CleanUp(new AttemptNo(step.CleanUp.Attempt))));
            case Step.CommandOneofCase.Abandon:
                return Reply(DecideDestination(host, new DestinationInput.Abandon(new AttemptNo(step.Abandon.Attempt))));
            case Step.CommandOneofCase.EndSource:
                return Reply(DecideSource(
                    host, new SourceInput.EndSource(new AttemptNo(step.EndSource.Attempt), new LaunchId(WireIds.Read("launch", step.EndSource.Launch)))));
            case Step.CommandOneofCase.KeepSource:
                return Reply(DecideSource(
                    host, new SourceInput.KeepByWord(new AttemptNo(step.KeepSource.Attempt), new LaunchId(WireIds.Read("launch", step.KeepSource.Launch)))));
            case Step.CommandOneofCase.GiveUpSource:
                return Reply(DecideSource(
                    host, new SourceInput.GiveUp(new AttemptNo(step.GiveUpSource.Attempt), new LaunchId(WireIds.Read("launch", step.GiveUpSource.Launch)))));
            case Step.CommandOneofCase.RunDestination:
                return Reply(DecideDestination(
                    host, new DestinationInput.RunByWord(new AttemptNo(step.RunDestination.Attempt), new LaunchId(WireIds.Read("launch", step.RunDestination.Launch)))));
            case Step.CommandOneofCase.CarryRelease:
                SourceMessage released = new SourceMessage.Released(
                    new AttemptNo(step.CarryRelease.Attempt), new StoreInstanceId(WireIds.Read("store", step.CarryRelease.DestinationStore)), GuestWasRunning: true);
                _ = DecideDestinationWhole(host, new DestinationInput.FromSource(released, host.Store));
                return (StepOutcome.Accepted, "");
            case Step.CommandOneofCase.EndOverruled:
                AttemptNo over = new(step.EndOverruled.Attempt);
                LaunchId ended = new(WireIds.Read("launch", step.EndOverruled.Launch));
                return Reply(host.Source.Attempt == over && host.Source.Records.Launch == ended
                    ? DecideSource(host, new SourceInput.Overrule(over, ended))
                    : DecideDestination(host, new DestinationInput.Overrule(over, ended)));
            default:
                throw new InvalidOperationException($"unknown step {step.CommandCase}");
        }
    }

    private static (StepOutcome, string) Reply(CommandReply reply) => reply.Kind switch
    {
        ReplyKind.Accepted => (StepOutcome.Accepted, ""),
        ReplyKind.Rejected => (StepOutcome.Rejected, reply.Reason),
        ReplyKind.NotYet => (StepOutcome.NotYet, reply.Reason),
        _ => throw new InvalidOperationException($"unknown reply {reply}"),
    };

    private static CommandReply DecideSource(FakeHost host, SourceInput input)
    {
        Decision<CommandReply, SourceEvent> decision = SourceDecisions.Decide(host.Source, input);
        host.Source = decision.Events.Aggregate(host.Source, SourceDecisions.Apply);
        return decision.Reply;
    }

    private static CommandReply DecideDestination(FakeHost host, DestinationInput input) =>
        DecideDestinationWhole(host, input).Command ?? CommandReply.Accepted;

    private static DestinationReply DecideDestinationWhole(FakeHost host, DestinationInput input)
    {
        AttemptNo before = host.Destination.Records.Attempt;
        Decision<DestinationReply, DestinationEvent> decision = DestinationDecisions.Decide(host.Destination, input);
        host.Destination = decision.Events.Aggregate(host.Destination, DestinationDecisions.Apply);
        if (host.Destination.Records.Attempt != before)
        {
            host.Listening = false;
            host.RecordsRead = false;
            host.ResumeRead = false;
            host.GateFindings.Clear();
        }

        return decision.Reply;
    }

    /// <summary>As an agent does when it has connected.</summary>
    public void Report()
    {
        foreach (FakeHost host in _hosts.Values.Where(h => !h.Unreachable))
        {
            AgentReported report = new(Vm, host.Name, host.Report(Vm, Rings, Guest(host)).ToByteArray());
            Tell(report);
            if (Disorderly)
            {
                Tell(report);
                _late.Enqueue(report);
                if (_late.Count > 5)
                {
                    Tell(_late.Dequeue());
                }
            }
        }
    }

    private GuestView? Guest(FakeHost host)
    {
        bool isSource = host.Name == GuestHost;
        LaunchId launch = isSource ? host.Launch : host.Destination.Records.Launch != LaunchId.None ? host.Destination.Records.Launch : host.Launch;
        if (launch == LaunchId.None)
        {
            return null;
        }

        // A host that the guest has left shows its last process, dead.
        QemuProcess process = isSource ? _pair.Source : host.Destination.Records.Launch == launch
            && host.Destination.Stage is not DestinationStage.NotPrepared ? _pair.Destination : default;
        return new GuestView
        {
            Launch = WireIds.Write(launch.Value),
            Alive = process.Alive,
            RunState = !process.Alive ? "shutdown" : NotContinued ? "prelaunch" : process.Run.ToQmp(),
            MigrationStatus = process.Alive ? process.Status.ToQmp() : "none",
            Pid = 4_711,
            QemuVersion = "10.0.2",
            MemoryMib = 64,
        };
    }

    private void Tell(IWireMessage message)
    {
        if (Outlet is { } outlet)
        {
            outlet(message);
        }
        else
        {
            Entity?.Tell(message, ActorRefs.NoSender);
        }
    }
}
