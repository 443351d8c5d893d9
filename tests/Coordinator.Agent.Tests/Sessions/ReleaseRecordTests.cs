using System.Text.Json;
using Coordinator.Agent.Sessions;
using Coordinator.Agent.State;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;

namespace Coordinator.Agent.Tests.Sessions;

/// <summary>The word of a source agent whose host is off, read from its state directory.</summary>
public sealed class ReleaseRecordTests : IDisposable
{
    private const string Vm = "vm-1";

    private static readonly SourceRecords s_completed = new()
    {
        Started = new AttemptNo(3),
        Launch = new LaunchId(Guid.NewGuid()),
        DestinationStore = new StoreInstanceId(Guid.NewGuid()),
        Completed = new AttemptNo(3),
        GuestWasRunning = false,
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("rel-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Read_CompletedAttempt_IsItsReleaseAndLeavesTheStoreAsItWas()
    {
        Guid instance = await WriteAsync(s_completed, released: 3);

        using JsonDocument read = JsonDocument.Parse(ReleaseRecord.Read(_directory, Vm));
        JsonElement root = read.RootElement;

        Assert.Equal((Vm, 3, s_completed.DestinationStore.Value), (root.GetProperty("vm").GetString(), root.GetProperty("attempt").GetInt32(), root.GetProperty("destinationStore").GetGuid()));
        Assert.False(Released.Parser.ParseFrom(root.GetProperty("released").GetBytesFromBase64()).GuestWasRunning);
        using AgentStore again = AgentStore.Open(_directory);
        Assert.Equal((instance, StoreOrigin.Continued), (again.InstanceId, again.Origin));
    }

    [Fact]
    public async Task Read_WhileTheAgentHoldsTheDirectory_NeedsNoPermissionOfIt()
    {
        await WriteAsync(s_completed, released: 3);
        using AgentStore held = AgentStore.Open(_directory);

        Assert.Contains("released", ReleaseRecord.Read(_directory, Vm), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Refusals() => new()
    {
        { "not completed", "is not recorded as completed: its guest may have run on here" },
        { "refused", "its copy elsewhere must not run" },
        { "foreign run", "its copy elsewhere must not run" },
        { "kept by word", "its copy elsewhere must not run" },
        { "without indices", "the final indices of attempt 3 of VM 'vm-1' are missing" },
        { "never a source", "was never the source of a migration on this host" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Read_AnythingElse_IsRefusedWithTheReason(string what, string sentence)
    {
        AttemptNo third = new(3);
        SourceRecords? source = what switch
        {
            "not completed" => s_completed with { Completed = new AttemptNo(2) },
            "refused" => s_completed with { Refused = third },
            "foreign run" => s_completed with { ForeignRun = third },
            "kept by word" => s_completed with { KeptByWord = third },
            "never a source" => null,
            _ => s_completed,
        };
        await WriteAsync(source, released: what == "without indices" ? 2 : 3);

        AgentStoreException refused = Assert.Throws<AgentStoreException>(() => ReleaseRecord.Read(_directory, Vm));
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoStore_SaysSo()
    {
        AgentStoreException refused = Assert.Throws<AgentStoreException>(() => ReleaseRecord.Read(_directory, Vm));

        Assert.Contains("there is no agent's store in", refused.Message, StringComparison.Ordinal);
    }

    private async Task<Guid> WriteAsync(SourceRecords? source, int released)
    {
        using AgentStore store = AgentStore.Open(_directory);
        List<DurableRecord> records = [RecordCodec.OfFinal(new AttemptNo(released), new Released { GuestWasRunning = true })];
        if (source is not null)
        {
            records.Add(RecordCodec.Of(source));
        }

        await store.AppendAsync(Vm, records);
        return store.InstanceId;
    }
}
