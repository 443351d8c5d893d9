using Coordinator.Contracts.Api;
using Coordinator.EndToEnd.Guests;
using Coordinator.EndToEnd.Streams;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>
/// "VQ 0 size 0x100 Guest index 0x0 inconsistent with Host index 0xc: delta 0xfff4" itself. QEMU calls such a migration completed on both sides and says nothing in QMP; with an
/// index that is wrong but plausible (last + 3) it does not notice at all. Here neither ever runs on the destination.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class PatchedStreamTests(PatchedStreamTests.Lab lab, ITestOutputHelper output) : IClassFixture<PatchedStreamTests.Lab>
{
    private const int Rx0 = 0;
    private const int Tx0 = 1;
    private const int MaxStandstillMs = 2_000;

    public enum Wrong
    {
        AvailPlus12,
        AvailMinus257,
        LastPlus3,
        UsedMinus1,
        Nothing,
    }

    [Theory]
    [InlineData(Rx0, Wrong.AvailPlus12)]
    [InlineData(Rx0, Wrong.AvailMinus257)]
    [InlineData(Rx0, Wrong.LastPlus3)]
    [InlineData(Tx0, Wrong.AvailPlus12)]
    [InlineData(Tx0, Wrong.AvailMinus257)]
    [InlineData(Tx0, Wrong.LastPlus3)]
    public async Task Stream_WithAWrongIndex_NeverRunsAtTheDestinationAndTheReasonNamesTheRing(int queue, Wrong wrong)
    {
        (Migration ended, EditedIndex edited) = await MigrateAsync(queue, wrong);

        string name = queue == Rx0 ? "rx0" : "tx0";
        ushort delta = (ushort)(edited.Written - edited.Ring.LastAvail);
        Assert.Contains("net0", ended.Reason, StringComparison.Ordinal);
        Assert.Contains(name, ended.Reason, StringComparison.Ordinal);
        Assert.Contains($"source {Index(edited.Ring.LastAvail)}, destination {Index(edited.Written)}, delta 0x{delta:x}", ended.Reason, StringComparison.Ordinal);
        Assert.Equal("Refused", ended.Verdict);
        // The others prove that the relay changed nothing else.
        Queue judged = Assert.Single(ended.Queues, row => row.Index == queue);
        Assert.All(ended.Queues.Where(row => row.Index != queue), row => Assert.Equal("Equal", row.Outcome));
        Assert.True(judged.Outcome == "Mismatch" && judged.Delta == delta, Story.Of(ended));
        Assert.Equal((edited.Ring.LastAvail, edited.Written), (judged.Source.LastAvailIdx, judged.Destination.LastAvailIdx));
        if (wrong is Wrong.AvailPlus12 or Wrong.AvailMinus257)
        {
            // QEMU saw it, said it to its log alone, and completed the migration.
            ushort qemuDelta = (ushort)(edited.Ring.Avail - edited.Written);
            Assert.Contains(
                $"VQ {queue} size 0x100 Guest index 0x{edited.Ring.Avail:x} inconsistent with Host index 0x{edited.Written:x}: delta 0x{qemuDelta:x}", lab.QemuWords(), StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// The error as it is reported from the field: device state is right, and the ring in the destination's memory is older, here of the time before the guest's driver first used
    /// it. QEMU says it to its log, breaks the device, and calls the migration completed on both sides.
    /// </summary>
    [Theory]
    [InlineData(Rx0)]
    [InlineData(Tx0)]
    public async Task Stream_WithAStaleRing_NeverRunsAtTheDestinationAndTheReasonNamesTheRing(int queue)
    {
        // Where the ring is stands in the device state, and that comes after the memory that is to be changed: a refused migration tells it for the next one.
        (_, EditedIndex found) = await MigrateAsync(queue, Wrong.LastPlus3);
        MemoryEdit stale = new(found.AvailIndexAddress, 0);

        (Migration ended, EditedIndex seen) = await MigrateAsync(queue, Wrong.Nothing, stale);

        string name = queue == Rx0 ? "rx0" : "tx0";
        ushort last = seen.Ring.LastAvail;
        ushort delta = (ushort)-last;
        Assert.True(stale.Pages > 0, "the relay did not find the ring's page in the stream");
        Assert.Equal(last, seen.Written);
        Assert.Contains($"VQ {queue} size 0x100 Guest index 0x0 inconsistent with Host index 0x{last:x}: delta 0x{delta:x}", lab.QemuWords(), StringComparison.Ordinal);
        Assert.Equal("Refused", ended.Verdict);
        Assert.Contains($"net0 {name}: used_idx differs: source {Index(seen.Ring.Used)}, destination 0 (0x0), delta 0x{(ushort)-seen.Ring.Used:x}", ended.Reason, StringComparison.Ordinal);
        Assert.Contains($"Source record: last_avail_idx {Index(last)}, used_idx {Index(seen.Ring.Used)}", ended.Reason, StringComparison.Ordinal);
        Assert.Contains($"destination record: last_avail_idx {Index(last)}, used_idx 0 (0x0)", ended.Reason, StringComparison.Ordinal);

        // Both QEMUs called it completed: only then does an agent say these.
        string log = lab.Guest.Deployment.Log();
        Assert.Contains($"source HandedOver (attempt {ended.Attempt})", log, StringComparison.Ordinal);
        Assert.Contains($"destination Loaded (attempt {ended.Attempt})", log, StringComparison.Ordinal);
        Queue judged = Assert.Single(ended.Queues, row => row.Index == queue);
        Assert.All(ended.Queues.Where(row => row.Index != queue), row => Assert.Equal("Equal", row.Outcome));
        Assert.True(judged.Outcome == "Mismatch", Story.Of(ended));
        Assert.Equal((last, seen.Ring.Used), (judged.Source.LastAvailIdx, judged.Source.UsedIdx));
    }

    /// <summary>QEMU itself refuses this one: the destination exits, and the source must still come back.</summary>
    [Fact]
    public async Task Stream_ThatQemuRefuses_LeavesTheGuestAtTheSource()
    {
        (Migration ended, EditedIndex edited) = await MigrateAsync(Rx0, Wrong.UsedMinus1);

        Assert.Contains($"VQ 0 size 0x100 < last_avail_idx 0x{edited.Written:x} - used_idx 0x{edited.Ring.Used:x}", ended.Reason, StringComparison.Ordinal);
    }

    private async Task<(Migration Ended, EditedIndex Edited)> MigrateAsync(int queue, Wrong wrong, MemoryEdit? memory = null)
    {
        LoadedGuest guest = lab.Guest;
        Api api = guest.Deployment.Api;
        VirtualMachine before = await api.VmAsync(LoadedGuest.Name);
        Assert.Equal(Deployment.Alpha, before.Host);
        lab.Relay.MemoryEdit = memory;
        lab.Relay.Edit = new IndexEdit(queue, new GuestRam(before.Pid), Value(wrong));

        await using TickWatch ticks = new(() => guest.Evidence.Console.Read().LastTick);
        await api.MigrateAsync(LoadedGuest.Name, Deployment.Beta, new MigrationPolicy { VerifyMs = 200 });
        Migration ended = await api.EndAsync(LoadedGuest.Name);
        TimeSpan longest = await ticks.StopAfterMoreAsync(100);

        EditedIndex? edited = lab.Relay.Edited;
        output.WriteLine($"{wrong} on queue {queue}: {edited}; longest standstill seen from outside {longest.TotalMilliseconds:0} ms\n{Story.Of(ended)}\n{lab.QemuWords()}");
        Assert.True(edited is not null, "the relay did not find the device in the stream");
        Assert.True(ended.Phase == "Failed", $"{Story.Of(ended)}\n{guest.Deployment.Log()}");
        Assert.True(longest.TotalMilliseconds < MaxStandstillMs, $"the guest stood still for {longest.TotalMilliseconds:0} ms");
        Assert.DoesNotContain(ended.Timeline, entry => entry.Event == "GuestRunsAtDestination");

        // The guest writes a line every 10 ms wherever it runs.
        Assert.Equal(0, new FileInfo(lab.ConsoleOf(Deployment.Beta)).Length);
        VirtualMachine after = await api.VmAsync(LoadedGuest.Name);
        Assert.Equal((Deployment.Alpha, before.Pid, "running"), (after.Host, after.Pid, after.RunState));
        OutsideReport report = await guest.Evidence.Report();
        Assert.True(report.Console is { IsIntact: true, PagesChecked: > 0 }, report.ToString());
        return (ended, edited);
    }

    private static Func<SplitRing, ushort> Value(Wrong wrong) => wrong switch
    {
        Wrong.AvailPlus12 => ring => (ushort)(ring.Avail + 12),
        Wrong.AvailMinus257 => ring => (ushort)(ring.Avail - 257),
        Wrong.LastPlus3 => ring => (ushort)(ring.LastAvail + 3),
        Wrong.Nothing => ring => ring.LastAvail,
        _ => ring => (ushort)(ring.Used - 1),
    };

    private static string Index(ushort index) => $"{index} (0x{index:x})";

    /// <summary>One deployment and one guest for all of these: every one of them must leave the guest as it was.</summary>
    public sealed class Lab : IAsyncLifetime
    {
        internal LoadedGuest Guest { get; private set; } = null!;

        internal StreamRelay Relay { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Guest = await LoadedGuest.StartAsync(await Deployment.StartAsync(relayed: true), consolePerHost: true, memoryIsReadable: true);
            Relay = StreamRelay.Start(Guest.Deployment, Deployment.Beta, LoadedGuest.QueuePairs);
        }

        public async Task DisposeAsync()
        {
            if (Relay is not null)
            {
                await Relay.DisposeAsync();
            }

            if (Guest is not null)
            {
                await Guest.DisposeAsync();
            }
        }

        internal string ConsoleOf(string host) => LoadedGuest.ConsolePath(Guest.Deployment, host);

        /// <summary>What the destinations' QEMUs wrote, for people.</summary>
        internal string QemuWords() => string.Join('\n', Directory
            .GetFiles(Path.Combine(Guest.Deployment.Folder, Deployment.Beta, "state", "vm", LoadedGuest.Name), "qemu-*.log").Order().Select(File.ReadAllText));
    }
}
