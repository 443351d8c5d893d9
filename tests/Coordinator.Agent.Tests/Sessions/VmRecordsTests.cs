using Coordinator.Agent.Sessions;
using Coordinator.Agent.State;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using DomainValue = Coordinator.Domain.Handoff.RegisterValue;
using FileValue = Coordinator.Agent.State.RegisterValue;

namespace Coordinator.Agent.Tests.Sessions;

public sealed class VmRecordsTests : IDisposable
{
    private const string Vm = "vm-1";

    private readonly string _directory = Directory.CreateTempSubdirectory("rec-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Load_OfManyRecords_KeepsTheNewestOfEachKindAndPutsThemTogether()
    {
        CommandFloor floor = new(new Epoch(9), new IncarnationId(Guid.NewGuid()));
        SourceRecords source = new() { Started = new AttemptNo(300), Launch = new LaunchId(Guid.NewGuid()), Refused = new AttemptNo(299), GuestWasRunning = false };
        DestinationRecords destination = new() { Attempt = new AttemptNo(4), Launch = new LaunchId(Guid.NewGuid()), Register = DomainValue.Refused, RefusedUpTo = new AttemptNo(4), Runs = [new AttemptNo(2)] };
        LaunchRecord resident = new(source.Launch, LaunchOrigin.Arrived, "name: vm-1", "/run/x", "1:2:3:4");
        using (AgentStore store = AgentStore.Open(_directory))
        {
            for (int attempt = 1; attempt < 300; attempt++)
            {
                await store.AppendAsync(Vm, [RecordCodec.Of(new SourceRecords { Started = new AttemptNo(attempt) }), RecordCodec.Of(resident with { Launch = new LaunchId(Guid.NewGuid()), IsGone = true })]);
            }

            await store.AppendAsync(Vm, [RecordCodec.Of(floor), RecordCodec.Of(source), RecordCodec.Of(destination), RecordCodec.Of(resident), RecordCodec.OfResident(resident.Launch)]);
            using VmRecords first = VmRecords.Load(store, Vm);
            Assert.InRange(store.ReadAll(Vm).Count, 5, 20);
        }

        using AgentStore again = AgentStore.Open(_directory);
        using VmRecords records = VmRecords.Load(again, Vm);

        Assert.Equal((floor, source, destination), (records.Floor, records.Source, records.Destination));
        Assert.Equal([resident], records.Launches.Values);
        Assert.Equal(resident.Launch, records.Resident);
    }

    [Fact]
    public async Task Load_OfAnUndecidedAttemptWithoutItsRegister_KnowsNothingOfIt()
    {
        DestinationRecords prepared = new() { Attempt = new AttemptNo(3), Launch = new LaunchId(Guid.NewGuid()), RefusedUpTo = new AttemptNo(1), Runs = [new AttemptNo(2)] };
        using AgentStore store = AgentStore.Open(_directory);
        await store.AppendAsync(Vm, [RecordCodec.Of(prepared)]);

        using VmRecords records = VmRecords.Load(store, Vm);

        Assert.Equal(new DestinationRecords { RefusedUpTo = new AttemptNo(1), Runs = [new AttemptNo(2)] }, records.Destination);
        DestinationHandoff state = new() { Records = records.Destination };
        DestinationReply reply = DestinationDecisions.Decide(
            state, new DestinationInput.FromSource(new SourceMessage.Refuse(new AttemptNo(3), records.Store), records.Store)).Reply;
        Assert.Equal(Domain.Handoff.RegisterAnswer.Unknown, reply.Register!.Value.Answer);
    }

    [Theory]
    [InlineData(true, DomainValue.Run)]
    [InlineData(false, DomainValue.Refused)]
    public async Task Load_WithARegisterThatWasDecidedAndNoCopyOfIt_FollowsTheRegister(bool run, DomainValue expected)
    {
        DestinationRecords prepared = new() { Attempt = new AttemptNo(3), Launch = new LaunchId(Guid.NewGuid()) };
        using AgentStore store = AgentStore.Open(_directory);
        await store.AppendAsync(Vm, [RecordCodec.Of(prepared), RecordCodec.OfPausedRelease(new AttemptNo(3))]);
        using (RegisterFile register = store.Registers.Create(Vm, 3))
        {
            register.TrySet(run ? FileValue.Run : FileValue.Refused);
        }

        using VmRecords records = VmRecords.Load(store, Vm);

        Assert.Equal(expected, records.Destination.Register);
        Assert.Equal(run ? [new AttemptNo(3)] : Array.Empty<AttemptNo>(), records.Destination.Runs);
        Assert.Equal(run ? AttemptNo.None : new AttemptNo(3), records.Destination.RefusedUpTo);
        Assert.Equal(!run, records.Destination.GuestWasRunning);
    }

    [Fact]
    public async Task Load_OfAStoreThatWasCopiedBack_ForgetsDecisionsAndKeepsProcesses()
    {
        LaunchRecord launch = new(new LaunchId(Guid.NewGuid()), LaunchOrigin.Started, "name: vm-1", "/run/x", "1:2:3:4");
        using (AgentStore store = AgentStore.Open(_directory))
        {
            await store.AppendAsync(Vm, [RecordCodec.Of(new SourceRecords { Started = new AttemptNo(1) }), RecordCodec.Of(launch), RecordCodec.OfResident(launch.Launch)]);
        }

        string copy = _directory + "-copy";
        Directory.Move(_directory, copy);
        Directory.CreateDirectory(_directory);
        foreach (string file in Directory.GetFiles(copy))
        {
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
        }

        Directory.Delete(copy, recursive: true);
        using AgentStore restored = AgentStore.Open(_directory);
        using VmRecords records = VmRecords.Load(restored, Vm);

        Assert.Equal(StoreOrigin.Restored, restored.Origin);
        Assert.Equal(SourceRecords.Empty, records.Source);
        Assert.Equal((launch, launch.Launch), (records.Launches.Values.Single(), records.Resident));
    }
}
