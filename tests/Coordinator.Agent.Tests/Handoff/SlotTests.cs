using Coordinator.Agent.Sessions;
using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Admission;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using HostLimits = Coordinator.Domain.Admission.HostLimits;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>A host carries no more streams than its configuration says, whatever coordinators ask for.</summary>
public sealed class SlotTests
{
    private static readonly HostLimits s_oneEach = new(Outgoing: 1, Incoming: 1, BandwidthBytesPerSec: null);

    [Fact]
    public void Slot_IsTakenOnce_AndTheNextIsToldByWhom()
    {
        MigrationSlots slots = new(s_oneEach);

        Assert.Null(slots.TakeOutgoing("web-1"));
        Assert.Null(slots.TakeOutgoing("web-1"));
        Assert.Equal("this host sends 1 guest at a time (limits.outgoing) and is sending web-1", slots.TakeOutgoing("web-2"));
        Assert.Null(slots.TakeIncoming("web-2"));
        Assert.Equal("this host takes 1 guest at a time (limits.incoming) and is taking web-2", slots.TakeIncoming("web-1"));
    }

    [Fact]
    public void Source_OccupiesItsSlotWhileItsStreamMayBeUnderWay_AndNotLonger()
    {
        MigrationSlots slots = new(s_oneEach);
        LaunchId launch = new(Guid.NewGuid());
        SourceHandoff started = new() { Records = SourceRecords.Empty with { Started = new AttemptNo(1), Launch = launch }, Issued = new AttemptNo(1) };
        slots.Show("web-1", started with { View = Alive(launch, MigrationStatus.Active, guestRuns: true) });
        Assert.NotNull(slots.TakeOutgoing("web-2"));

        // A look that has become worthless says nothing.
        slots.Show("web-1", started);
        Assert.NotNull(slots.TakeOutgoing("web-2"));

        slots.Show("web-1", started with { View = Alive(launch, MigrationStatus.Completed, guestRuns: false) });
        Assert.Null(slots.TakeOutgoing("web-2"));
    }

    [Fact]
    public void AfterARestart_WhatWasRecordedCounts_UntilQemuIsSeen()
    {
        MigrationSlots slots = new(s_oneEach);
        LaunchId launch = new(Guid.NewGuid());
        SourceRecords source = SourceRecords.Empty with { Started = new AttemptNo(3), Launch = launch };
        slots.Recall("web-1", source, DestinationRecords.Empty with { Attempt = new AttemptNo(2), RefusedUpTo = new AttemptNo(2) });
        Assert.NotNull(slots.TakeOutgoing("web-2"));
        Assert.Null(slots.TakeIncoming("web-2"));

        slots.Show("web-1", new SourceHandoff { Records = source }.AfterRestart() with { View = Alive(launch, MigrationStatus.Cancelled, guestRuns: true) });
        Assert.Null(slots.TakeOutgoing("web-2"));

        slots = new(s_oneEach);
        slots.Recall("web-1", source with { Completed = new AttemptNo(3) }, DestinationRecords.Empty with { Attempt = new AttemptNo(4) });
        Assert.Null(slots.TakeOutgoing("web-2"));
        Assert.NotNull(slots.TakeIncoming("web-2"));
    }

    [Fact]
    public async Task Preparation_BeyondTheLimit_IsNotYet_AlsoForTheNextLife_UntilOneIsRefused()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.Simulated, betaInProcess: false);
        await PreparedAsync("vm-1");
        await PreparedAsync("vm-2");
        StepAnswer third = await PrepareAsync("vm-3");
        await hosts.Beta.KillProcessAsync();
        hosts.Beta.StartProcess();
        StepAnswer nextLife = await PrepareAsync("vm-3");

        Assert.Equal((StepOutcome.NotYet, "this host takes 2 guests at a time (limits.incoming) and is taking vm-1, vm-2"), (third.Outcome, third.Reason));
        Assert.Equal((third.Outcome, third.Reason), (nextLife.Outcome, nextLife.Reason));

        Assert.Equal(StepOutcome.Accepted, (await SendAsync("vm-2", step => step.CleanUp = new CleanUpDestination { Attempt = 1 })).Outcome);
        await PreparedAsync("vm-3");

        Task<StepAnswer> SendAsync(string vm, Action<Step> command) => hosts.SendAsync(hosts.Beta, step =>
        {
            step.Vm = vm;
            command(step);
        });

        Task<StepAnswer> PrepareAsync(string vm) => SendAsync(vm, step => step.Prepare = new PrepareDestination
        {
            Attempt = 1,
            Launch = TwoHosts.Wire(new Guid(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)vm[^1])),
            DefinitionYaml = hosts.Definition.Replace("name: vm-1", $"name: {vm}", StringComparison.Ordinal),
            Settings = TwoHosts.Settings(),
        });

        async Task PreparedAsync(string vm)
        {
            StepAnswer answer = await PrepareAsync(vm);

            // A copy that was refused is ended first.
            for (int i = 0; i < 1_000 && answer.Outcome == StepOutcome.NotYet; i++)
            {
                answer = await PrepareAsync(vm);
            }

            Assert.True(answer.Outcome == StepOutcome.Accepted, $"{vm}: {answer.Outcome} {answer.Reason}{hosts.Log}");
        }
    }

    private static QemuView Alive(LaunchId launch, MigrationStatus status, bool guestRuns) =>
        new(launch, Alive: true, guestRuns ? RunState.Running : RunState.PostMigrate, status);
}
