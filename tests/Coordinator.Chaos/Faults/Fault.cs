using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Faults;

/// <summary>What befalls some of a laboratory, from its beginning to its end; each of both is noted in the moment in which it is made.</summary>
/// <param name="note">Into the history.</param>
internal abstract class Fault(Action<HistoryRecord> note)
{
    protected static readonly HostName Alpha = new(Deployment.Alpha);
    protected static readonly HostName Beta = new(Deployment.Beta);

    /// <summary>Until its end; zero where nothing has to be ended.</summary>
    public virtual TimeSpan Lasts => TimeSpan.Zero;

    /// <exception cref="Lab.LabFailure">There is nobody whom it could befall: an experiment with this fault shows nothing.</exception>
    public abstract Task BeginAsync();

    /// <summary>What a supervisor does at once when everything of a strike has begun.</summary>
    public virtual void Restart()
    {
    }

    /// <summary>Also of one that began in part only.</summary>
    public virtual Task EndAsync() => Task.CompletedTask;

    protected void Begins(Party party, FaultKind kind) => note(new FaultBegan(HistoryClock.NowMicros(), party, kind));

    protected void Ends(Party party, FaultKind kind) => note(new FaultEnded(HistoryClock.NowMicros(), party, kind));
}
