using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.Metrics;
using Microsoft.Extensions.Logging;

namespace Coordinator.Actors.Tests.Alerts;

public sealed class AlertPostTests : TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly FakeOutlet _outlet = new();
    private readonly LinesOfLog _log = new();
    private readonly IActorRef _post;

    public AlertPostTests()
        : base("akka.loggers = []") =>
        _post = Sys.ActorOf(AlertPost.Props([_outlet], TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(20), _log, new CoordinatorMetrics()));

    [Fact]
    public async Task Alert_ThatIsNotTaken_IsTriedUntilItIs()
    {
        _outlet.Failures = 3;

        _post.Tell(new RaiseAlert(Samples.Alert("1")));

        await Eventually(() => _outlet.Taken.Count == 1, "the alert to be taken");
        Assert.Equal(4, _outlet.Tries);
        Assert.Equal((4001, "MigrationInDoubt"), (_log.Events.First().Id, _log.Events.First().Name));
        Assert.Equal(3, _log.Events.Count(e => e.Id == 4010));
    }

    [Fact]
    public async Task Outlet_ThatNeverAnswers_HoldsNoOtherAlertUp()
    {
        _outlet.HangsFor = "hanging";
        _post.Tell(new RaiseAlert(Samples.Alert("hanging")));

        _post.Tell(new RaiseAlert(Samples.Alert("2")));

        await Eventually(() => _outlet.Taken.Any(a => a.Id == "2"), "the second alert");
        await Eventually(() => _log.Events.Any(e => e.Id == 4010), "the first one's time-out");
    }

    [Fact]
    public async Task Alert_ThatIsWithdrawn_IsTriedNoMore()
    {
        _outlet.Failures = int.MaxValue;
        _post.Tell(new RaiseAlert(Samples.Alert("1")));
        await Eventually(() => _outlet.Tries >= 2, "two tries");
        _post.Tell(new WithdrawAlert("1"));
        _outlet.Failures = 0;

        _post.Tell(new RaiseAlert(Samples.Alert("2")));

        await Eventually(() => _outlet.Taken.Count == 1, "the other alert");
        Assert.Equal("2", Assert.Single(_outlet.Taken).Id);
    }

    [Fact]
    public async Task Alert_RaisedAgainAfterItWasTaken_IsDeliveredAgain()
    {
        _post.Tell(new RaiseAlert(Samples.Alert("1")));
        await Eventually(() => _outlet.Taken.Count == 1, "the alert");

        _post.Tell(new RaiseAlert(Samples.Alert("1") with { Repetition = true }));

        await Eventually(() => _outlet.Taken.Count == 2, "its repetition");
        Assert.True(_outlet.Taken.Last().Repetition);
    }

    private async Task Eventually(Func<bool> condition, string awaited) => await AwaitConditionAsync(() => Task.FromResult(condition()), s_patience, TimeSpan.FromMilliseconds(10), awaited);

    private sealed class FakeOutlet : IAlertOutlet
    {
        private int _tries;

        public string Name => "fake";

        public ConcurrentQueue<Alert> Taken { get; } = [];

        public int Failures { get; set; }

        public string HangsFor { get; set; } = "";

        public int Tries => _tries;

        public async Task DeliverAsync(Alert alert, CancellationToken timeOut)
        {
            if (alert.Id == HangsFor)
            {
                await Task.Delay(Timeout.Infinite, timeOut);
            }

            if (Interlocked.Increment(ref _tries) <= Failures)
            {
                throw new AlertRefusedException("not now");
            }

            Taken.Enqueue(alert);
        }
    }

    private sealed class LinesOfLog : ILogger
    {
        public ConcurrentQueue<EventId> Events { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Events.Enqueue(eventId);
    }
}

internal static class Samples
{
    internal static Alert Alert(string id) => new(
        AlertKind.MigrationInDoubt, id, 4001, "critical", "web-1", "m-1", 1, "host-a", "host-b", "InDoubt", "source host-a is \"Gone\"; ü", DateTimeOffset.UnixEpoch, "node-1", Repetition: false);
}
