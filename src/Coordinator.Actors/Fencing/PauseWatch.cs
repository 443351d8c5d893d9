using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Event;

namespace Coordinator.Actors.Fencing;

/// <summary>
/// Puts this node out when it finds that it stood still for as long as the others need to put it out. A process that was stopped (SIGSTOP, a frozen
/// container, a paused VM) wakes in the belief that nothing happened and would command agents until its failure detectors and the lease catch up with it,
/// about 5 s (measured); the lease refuses it only while the winner keeps it.
/// <para>It has its own thread, because timers of a starved thread pool would see pauses that others did not see.</para>
/// </summary>
public sealed class PauseWatch
{
    private readonly Cluster cluster;
    private readonly ILoggingAdapter log;
    private readonly TimeSpan interval;
    private readonly TimeSpan limit;
    private readonly ManualResetEventSlim ended = new();

    private PauseWatch(ActorSystem system)
    {
        cluster = Cluster.Get(system);
        log = Logging.GetLogger(system, nameof(PauseWatch));
        interval = system.Settings.Config.GetTimeSpan("coordinator.pause-watch.interval");
        limit = system.Settings.Config.GetTimeSpan("coordinator.pause-watch.limit");
    }

    /// <summary>Watches until the system ends. Times are in cluster.conf.</summary>
    public static void Start(ActorSystem system)
    {
        var watch = new PauseWatch(system);
        system.RegisterOnTermination(watch.ended.Set);
        new Thread(watch.Run) { IsBackground = true, Name = nameof(PauseWatch) }.Start();
    }

    private void Run()
    {
        for (var last = Stopwatch.GetTimestamp(); !ended.Wait(interval); last = Stopwatch.GetTimestamp())
        {
            // The wait itself belongs to the gap; what exceeds it is how long this thread did not run.
            var gap = Stopwatch.GetElapsedTime(last) - interval;
            if (gap >= limit && cluster.State.Members.Count > 1)
            {
                log.Error("This node stood still for {0}; the others may have replaced it after {1}. It puts itself out and must be started again", gap, limit);
                cluster.Down(cluster.SelfAddress);
            }
        }
    }
}
