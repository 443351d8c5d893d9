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
    public async Task Outlet_ThatHangsForEveryAlert_HoldsTheOtherOutletUpForNone()
    {
        FakeOutlet hanging = new() { HangsFor = "" };
        IActorRef post = Sys.ActorOf(AlertPost.Props([hanging, _outlet], TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(20), _log, new CoordinatorMetrics()));

        for (int id = 1; id <= 30; id++)
        {
            post.Tell(new RaiseAlert(Samples.Alert($"{id}")));
        }

        await Eventually(() => _outlet.Taken.Count == 30, "all alerts at the outlet that takes them");
    }

    [Fact]
    public async Task Alert_ThatWasNotYetTried_ComesBeforeOneThatIsTriedAgain()
    {
        _outlet.Failures = int.MaxValue;
        IActorRef post = Sys.ActorOf(AlertPost.Props([_outlet], TimeSpan.FromMinutes(5), TimeSpan.FromTicks(1), _log, new CoordinatorMetrics()));

        for (int id = 1; id <= 24; id++)
        {
            post.Tell(new RaiseAlert(Samples.Alert($"{id}")));
        }

        await Eventually(() => _outlet.Begun.Count >= 24, "24 tries");
        Assert.Equal(24, _outlet.Begun.Take(24).Distinct().Count());
    }

    [Fact]
    public async Task Restart_LosesNoAlertThatIsNotTakenYet()
    {
        _outlet.Failures = int.MaxValue;
        Props post = AlertPost.Props([_outlet], TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(20), _log, new CoordinatorMetrics());
        IActorRef supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(post)));
        supervisor.Tell(new RaiseAlert(Samples.Alert("1")));
        await Eventually(() => _outlet.Tries >= 1, "a try");

        supervisor.Tell(RestartChild.Instance);
        await Eventually(() => _log.Events.Count(e => e.Id == 4001) == 2, "the alert is raised again");
        _outlet.Failures = 0;

        await Eventually(() => _outlet.Taken.Any(a => a is { Id: "1", Repetition: true }), "the alert after the restart");
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

    /// <summary>Has a child that is restarted when told to.</summary>
    private sealed class Supervisor : UntypedActor
    {
        private readonly IActorRef _child;

        public Supervisor(Props child) => _child = Context.ActorOf(child);

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

        protected override void OnReceive(object message) => _child.Forward(message is RestartChild ? Kill.Instance : message);
    }

    private sealed class RestartChild
    {
        internal static readonly RestartChild Instance = new();
    }

    private sealed class FakeOutlet : IAlertOutlet
    {
        private int _tries;

        public string Name => "fake";

        public ConcurrentQueue<Alert> Taken { get; } = [];

        public int Failures { get; set; }

        /// <summary>The id of an alert, empty for every one; null for none.</summary>
        public string? HangsFor { get; set; }

        /// <summary>The ids of all tries, in their order.</summary>
        public ConcurrentQueue<string> Begun { get; } = [];

        public int Tries => _tries;

        public async Task DeliverAsync(Alert alert, CancellationToken timeOut)
        {
            Begun.Enqueue(alert.Id);
            if (HangsFor is { } id && (id.Length == 0 || id == alert.Id))
            {
                await Coordinator.Testing.Eventually.Never(timeOut);
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
        AlertKind.MigrationInDoubt, id, "web-1", "m-1", 1, "host-a", "host-b", "InDoubt", "source host-a is \"Gone\"; ü", DateTimeOffset.UnixEpoch, "node-1", Repetition: false);
}
