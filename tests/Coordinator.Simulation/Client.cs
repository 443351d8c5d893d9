using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;

namespace Coordinator.Simulation;

/// <summary>A control plane that asks for migrations one after the other, asks again until it is answered, and may cancel at any time.</summary>
public sealed class Client(World world, VirtualMachine vm)
{
    private readonly Dice _dice = Dice.Of(world.Schedule.Seed, 400 + vm.Number);
    private int _asked;
    private bool _waits;
    private RequestId? _request;

    /// <summary>Nothing more will be asked.</summary>
    public bool IsDone { get; private set; }

    public long? DoneAtMicros { get; private set; }

    public void Begin() => world.Agenda.After(_dice.Between(1_000, 500_000), Ask);

    /// <summary>The VM's newest migration has come to an end that is journalled.</summary>
    public void Ended()
    {
        if (_waits)
        {
            _waits = false;
            world.Agenda.After(_dice.Between(10, 1_500_000), Ask);
        }
    }

    private void Ask()
    {
        if (_asked == world.Schedule.Migrations)
        {
            IsDone = true;
            DoneAtMicros = world.Agenda.NowMicros;
            return;
        }

        _asked++;
        _request = new RequestId($"r{_asked}");
        HostName? home = vm.Journal.State.Residence.Host;
        HostName destination = _dice.Pick(world.Agents.Where(a => a.Host != home).ToList()).Host;
        MigrationPolicy policy = MigrationPolicy.Default with
        {
            MaxAttempts = world.Schedule.MaxAttempts,
            PrepareDeadlineMs = world.Schedule.Leisure ? 60_000 : (int)_dice.Between(1_000, 4_000),
            IterateDeadlineMs = world.Schedule.Leisure ? 60_000 : (int)_dice.Between(1_000, 8_000),
            SwitchoverDeadlineMs = world.Schedule.Leisure ? 10_000 : _dice.Pick<int>([100, 500, 2_000]),
            VerifyMs = (int)_dice.Between(0, 300),
        };
        Send(new VmCommand.Migrate(_request, _dice.NewGuid(), destination, DestinationIsKnown: true, policy.Checked()));
    }

    private void Send(VmCommand.Migrate migrate)
    {
        bool isAnswered = false;
        void Try(int times)
        {
            if (isAnswered || times > 400)
            {
                return;
            }

            if (vm.Current is { IsStopped: false, Node.Acts: true } entity)
            {
                entity.Ask(migrate, reply => world.Agenda.After(_dice.Between(50, 3_000), () =>
                {
                    world.Watch.Acknowledged(vm, migrate.Request, reply);
                    if (isAnswered)
                    {
                        return;
                    }

                    isAnswered = true;
                    Answered(migrate, reply);
                }));
            }

            // With an id of its own each time that an answer may have been lost: the entity must know the request, and not the try.
            world.Agenda.After(_dice.Between(200_000, 1_500_000), () =>
            {
                migrate = migrate with { Id = _dice.NewGuid() };
                Try(times + 1);
            });
        }

        Try(0);
    }

    private void Answered(VmCommand.Migrate migrate, VmReply reply)
    {
        if (reply is not { Kind: VmReplyKind.Accepted, Migration: { } id })
        {
            world.Agenda.After(_dice.Between(500_000, 3_000_000), Ask);
            return;
        }

        if (_dice.Chance(world.Schedule.Repeats))
        {
            world.Agenda.After(_dice.Between(1_000, 5_000_000), () => Repeat(migrate));
        }

        int asked = _asked;
        if (_dice.Chance(world.Schedule.Cancels))
        {
            world.Agenda.After(_dice.Between(1_000, _dice.Pick<long>([100_000, 500_000, 4_000_000])), () => Cancel(id, asked, times: 0));
        }

        if (vm.Journal.State.Migration is { } m && m.Id == id && !m.Phase.IsTerminal())
        {
            _waits = true;
        }
        else
        {
            world.Agenda.After(_dice.Between(10, 1_000_000), Ask);
        }
    }

    private void Repeat(VmCommand.Migrate migrate)
    {
        if (vm.Current is { IsStopped: false, Node.Acts: true } entity)
        {
            entity.Ask(migrate with { Id = _dice.NewGuid() }, reply => world.Watch.Acknowledged(vm, migrate.Request, reply));
        }
    }

    private void Cancel(Guid migration, int asked, int times)
    {
        // Also when another one has been asked for since: it names the one that it means.
        if (vm.Journal.State.Migration is not { } m || times > 100)
        {
            return;
        }

        RequestId request = new($"c{asked}");
        bool wasOver = m.Id != migration || m.Phase.IsTerminal();
        bool isAnswered = false;
        if (vm.Current is { IsStopped: false, Node.Acts: true } entity)
        {
            world.Watch.CancelAsked(vm, migration);
            entity.Ask(new VmCommand.Cancel(request, migration), reply =>
            {
                isAnswered = true;
                world.Watch.CancelAnswered(vm, entity, migration, wasOver, reply);
                if (_dice.Chance(world.Schedule.Repeats))
                {
                    world.Coverage.Saw("a cancel was repeated after its answer");
                    world.Agenda.After(_dice.Between(1_000, 3_000_000), () => Cancel(migration, asked, times + 1));
                }
            });
            if (m.Id == migration)
            {
                world.Coverage.Cancelled(m.Phase);
            }
            else
            {
                world.Coverage.Saw("a cancel came when another migration had been asked for");
            }
        }

        world.Agenda.After(500_000, () =>
        {
            if (!isAnswered)
            {
                Cancel(migration, asked, times + 1);
            }
        });
    }
}
