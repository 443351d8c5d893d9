using System.Globalization;
using Coordinator.Cli.Load;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.History;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Coordinator.Cli.Tests.Load;

public sealed class TakeOverTests : IDisposable
{
    const long FaultMicros = 10_000_000;

    readonly string directory = Directory.CreateTempSubdirectory("take-over-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void NewLife_IsDrivenWhenTheLastOfItsTwoAgentsObeysIt()
    {
        Accepted("h1", epoch: 3, FaultMicros + 6_000_000);
        Accepted("h2", epoch: 3, FaultMicros + 7_500_000);
        Accepted("h2", epoch: 3, FaultMicros + 9_000_000);
        Accepted("other", epoch: 3, FaultMicros + 9_500_000);

        var taken = TakeOver.Read(directory, FaultMicros).Of(Claimed(epoch: 3, FaultMicros + 5_000_000));

        Assert.Equal(new TakenOver(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7.5)), taken);
    }

    [Fact]
    public void NewLifeThatNobodyObeys_IsNeverDriven()
    {
        Accepted("h1", epoch: 2, FaultMicros + 1_000_000);

        var taken = TakeOver.Read(directory, FaultMicros).Of(Claimed(epoch: 3, FaultMicros + 5_000_000));

        Assert.Null(taken!.ObeyedAfter);
    }

    [Fact]
    public void EntityThatWentOn_WasNotTakenOver() => Assert.Null(TakeOver.Read(directory, FaultMicros).Of(Claimed(epoch: 2, FaultMicros - 1)));

    void Accepted(string host, long epoch, long atMicros) => File.AppendAllText(
        Path.Combine(directory, $"agent-{host}{HistoryLines.FileExtension}"),
        HistoryLines.Write(new EpochAccepted(atMicros, new VmName("v1"), new HostName(host), new StoreInstanceId(Guid.NewGuid()), new Epoch(epoch), new IncarnationId(Guid.NewGuid()))) + "\n");

    static Migration Claimed(long epoch, long atMicros)
    {
        Migration migration = new() { Id = "m", Vm = "v1", SourceHost = "h1", DestinationHost = "h2" };
        migration.Timeline.Add(new TimelineEntry
        {
            Event = "IncarnationStarted",
            Detail = string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}"),
            At = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddTicks(atMicros * TimeSpan.TicksPerMicrosecond)),
        });
        return migration;
    }
}
