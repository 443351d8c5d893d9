using System.Collections.Concurrent;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using FrameRehearse = Coordinator.AgentProtocol.HandoffChannel.Rehearse;
using WireRehearsal = Coordinator.AgentProtocol.Rehearsal;

namespace Coordinator.Agent.Channel;

/// <summary>
/// The empty handoff, some rounds of it: opens and warms the channel, runs the code on both sides that the real one will run, and measures. The offset of the clocks is that of
/// the round with the shortest way (as NTP does), known to half of its round trip.
/// </summary>
internal sealed class RehearsalRounds(string vm, int attempt, Google.Protobuf.ByteString destinationStore, IReadOnlyList<DeviceReading> readings)
{
    /// <summary>Enough that what .NET compiles on the way is compiled before the guest stands still; a round costs well under a millisecond besides its sync.</summary>
    public const int Rounds = 40;

    private static readonly TimeSpan s_roundLimit = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, TaskCompletionSource<(Rehearsed Answer, long ReceivedMicros)>> _waiting = new();

    public void OnRehearsed(DestinationFrame frame, long receivedMicros)
    {
        if (frame.Attempt == attempt && _waiting.TryRemove(frame.Rehearsed.Round, out TaskCompletionSource<(Rehearsed, long)>? waiting))
        {
            waiting.TrySetResult((frame.Rehearsed, receivedMicros));
        }
    }

    /// <returns>Null when the destination did not answer in time.</returns>
    public async Task<WireRehearsal?> RunAsync(Func<SourceFrame, bool> send, CancellationToken cancellation)
    {
        List<(long RoundTrip, long Offset, long Sync)> rounds = [];
        for (int round = 1; round <= Rounds; round++)
        {
            TaskCompletionSource<(Rehearsed, long)> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[round] = answered;
            FrameRehearse rehearse = new() { Round = round, Sent = HostClock.NowMicros() };
            rehearse.Readings.AddRange(readings);
            if (!send(new SourceFrame { Vm = vm, Attempt = attempt, DestinationStore = destinationStore, Rehearse = rehearse }))
            {
                return null;
            }

            try
            {
                (Rehearsed answer, long received) = await answered.Task.WaitAsync(s_roundLimit, cancellation);
                long there = answer.Received - answer.Sent;
                long back = received - answer.Answered;
                rounds.Add((Math.Max(0, there + back), (there - back) / 2, answer.SyncMicros));
            }
            catch (TimeoutException)
            {
                return null;
            }
        }

        return Summary(rounds);
    }

    private WireRehearsal Summary(List<(long RoundTrip, long Offset, long Sync)> rounds)
    {
        (long roundTrip, long offset, _) = rounds.MinBy(round => round.RoundTrip);
        return new WireRehearsal
        {
            Attempt = attempt,

            // What to expect, not what was once possible: the median of the warm half.
            RoundTripMicros = Median(rounds.Skip(rounds.Count / 2).Select(round => round.RoundTrip)),
            SyncMicros = Median(rounds.Skip(rounds.Count / 2).Select(round => round.Sync)),
            ClockOffsetMicros = offset,
            ClockUncertaintyMicros = (roundTrip + 1) / 2,
        };
    }

    private static long Median(IEnumerable<long> values)
    {
        long[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
