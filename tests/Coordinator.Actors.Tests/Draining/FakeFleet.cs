using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Tests.Platform;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Google.Protobuf;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Draining;

/// <summary>Hosts and VMs as a drain sees them: entities that answer, rows of the read model, and migrations that end when the test says so.</summary>
internal sealed class FakeFleet(TestDatabase database) : IHostDirectory
{
    private readonly ConcurrentDictionary<string, Vm> _vms = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, KnownHost> _hosts = ImmutableDictionary<string, KnownHost>.Empty;

    public IReadOnlyList<KnownHost> All => [.. _hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal)];

    /// <summary>Every request that was taken on, in its order; repetitions are not.</summary>
    public ConcurrentQueue<QueueMigration> Asked { get; } = [];

    /// <summary>How many answers are lost from now on, though the request is taken on.</summary>
    public int AnswersToLose { get; set; }

    public string MigrationsBeginAs { get; set; } = "Iterating";

    /// <summary>Refusals by destination.</summary>
    public ConcurrentDictionary<string, string> Refuses { get; } = new(StringComparer.Ordinal);

    public KnownHost? Find(string host) => _hosts.GetValueOrDefault(host);

    public Props Entities() => Props.Create(() => new Region(this));

    public void AddHost(string name, long freeMiB = 4_096) =>
        _hosts = _hosts.SetItem(name, new KnownHost(name, Connected: true, "n1", 0, new Hello { Host = name, Driver = "qemu", MemoryAvailableMib = freeMiB }));

    public void AddVm(string name, string host, long memoryMiB = 64, string labels = "", string antiAffinity = "")
    {
        Api.VirtualMachine view = new() { Name = name, Residence = "Resident", Host = host, MemoryMib = memoryMiB };
        foreach (string label in labels.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            view.Labels[label.Split('=')[0]] = label.Split('=')[1];
        }

        view.AntiAffinity.AddRange(antiAffinity.Split(',', StringSplitOptions.RemoveEmptyEntries));
        _vms[name] = new Vm(view);
        database.Execute($"INSERT INTO vm_row (persistence_id, vm, sequence, fold_version, residence, host, is_outstanding, changed_at_us, view) VALUES ('vm-{name}', '{name}', 1, 1, 'Resident', '{host}', 0, 0, ' ')");
    }

    public string? GoesTo(string vm) => _vms[vm].Migration is { Terminal: false } m ? m.DestinationHost : null;

    public int UnderWay => _vms.Values.Count(v => v.Migration is { Terminal: false });

    public void End(string vm, string phase, string reason = "")
    {
        lock (_vms)
        {
            Api.Migration migration = _vms[vm].Migration!;
            (migration.Phase, migration.Terminal, migration.Reason) = (phase, true, reason);
            if (phase == "Succeeded")
            {
                migration.Verdict = "Verified";
                migration.Blackout = new Api.Blackout { TotalMicros = 21_000 };
                _vms[vm].View.Host = migration.DestinationHost;
                database.Execute($"UPDATE vm_row SET host = '{migration.DestinationHost}' WHERE vm = '{vm}'");
            }
        }
    }

    private VmAnswer? Answer(object message)
    {
        lock (_vms)
        {
            return message switch
            {
                GetVm get when !_vms.ContainsKey(get.Vm) => new VmAnswer(get.Vm, AnswerKind.NotFound, "no such VM", "", [], []),
                GetVm get => View(_vms[get.Vm], AnswerKind.Accepted, ""),
                QueueMigration ask => Queue(ask),
                CancelMigration cancel => Cancel(cancel),
                _ => null,
            };
        }
    }

    private VmAnswer Cancel(CancelMigration cancel)
    {
        Assert.Equal(_vms[cancel.Vm].Migration!.Id, cancel.MigrationId);
        End(cancel.Vm, "Cancelled", $"cancelled by request {cancel.RequestId}");
        return View(_vms[cancel.Vm], AnswerKind.Accepted, "");
    }

    private VmAnswer? Queue(QueueMigration ask)
    {
        Vm vm = _vms[ask.Vm];
        if (!vm.Requests.Contains(ask.RequestId))
        {
            if (Refuses.TryGetValue(ask.DestinationHost, out string? why))
            {
                return View(vm, AnswerKind.FailedPrecondition, why);
            }

            vm.Requests.Add(ask.RequestId);
            Asked.Enqueue(ask);
            vm.Migration = new Api.Migration { Id = Guid.NewGuid().ToString(), Vm = ask.Vm, SourceHost = vm.View.Host, DestinationHost = ask.DestinationHost, Phase = MigrationsBeginAs };
        }

        if (AnswersToLose > 0)
        {
            AnswersToLose--;
            return null;
        }

        return View(vm, AnswerKind.Accepted, "");
    }

    private static VmAnswer View(Vm vm, AnswerKind kind, string message) =>
        new(vm.View.Name, kind, message, vm.Migration?.Id ?? "", vm.View.ToByteArray(), vm.Migration?.ToByteArray() ?? []);

    private sealed class Vm(Api.VirtualMachine view)
    {
        public Api.VirtualMachine View { get; } = view;

        public Api.Migration? Migration { get; set; }

        public HashSet<string> Requests { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Region(FakeFleet fleet) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (fleet.Answer(message) is { } answer)
            {
                Sender.Tell(answer);
            }
        }
    }
}
