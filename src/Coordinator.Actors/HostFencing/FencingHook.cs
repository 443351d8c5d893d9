using Coordinator.Domain;

namespace Coordinator.Actors.HostFencing;

/// <summary>What the operator's hook made of a host. <paramref name="Said"/> is its own words, kept as the proof.</summary>
public sealed record FencingAnswer(bool IsOff, string Said);

/// <summary>
/// The operator's way to prove a host off: it powers the host off and answers only when no process on it can run any more. Its word is journalled like a person's, with who asked for it.
/// </summary>
public interface IFencingHook
{
    /// <summary>
    /// Ask it without a person, when a migration in doubt waits for a host whose agent has not been connected for this long while the other host's was; null: only when a person asks.
    /// </summary>
    TimeSpan? AutomaticAfter { get; }

    /// <summary>Never throws for what the hook does: that is an answer with <see cref="FencingAnswer.IsOff"/> false.</summary>
    Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop);
}

/// <param name="TimeOut">Past it nothing is proven.</param>
/// <param name="AutomaticAfter">See <see cref="IFencingHook.AutomaticAfter"/>.</param>
internal sealed record FencingTimes(TimeSpan TimeOut, TimeSpan? AutomaticAfter);

/// <summary>A hook with a time-out.</summary>
internal abstract class FencingHook(FencingTimes times) : IFencingHook
{
    public TimeSpan? AutomaticAfter => times.AutomaticAfter;

    /// <summary>Without credentials: it stands in the journal.</summary>
    private protected abstract string Name { get; }

    public async Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(times.TimeOut);
        try
        {
            return await AskAsync(host, vm, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return new FencingAnswer(IsOff: false, $"{Name} did not end within {times.TimeOut.TotalSeconds:0} s");
        }
    }

    private protected abstract Task<FencingAnswer> AskAsync(HostName host, VmName vm, CancellationToken timeOut);
}

/// <summary>None is configured.</summary>
public sealed class NoFencingHook : IFencingHook
{
    public static readonly NoFencingHook Instance = new();

    public TimeSpan? AutomaticAfter => null;

    public Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop) => Task.FromResult(new FencingAnswer(
        IsOff: false, "no fencing hook is configured (coordinator.fencing); say yourself how you know that the host is off, with --proof"));
}
