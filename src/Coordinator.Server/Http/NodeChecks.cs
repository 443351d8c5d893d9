using Coordinator.Contracts;

namespace Coordinator.Server.Http;

/// <summary>One thing that this node needs in order to serve.</summary>
internal interface INodeCheck
{
    string Name { get; }

    /// <summary>
    /// A check of what the nodes are together, which one of them cannot mend: red for too long, it does not count any more (akka-core #31864: a sharding check that stayed red stalled a rolling
    /// update for ever).
    /// </summary>
    bool MayBeGivenUp { get; }

    /// <returns>What was found, in a few words.</returns>
    /// <exception cref="Exception">It is not there; the message says why. Cancelled when it took too long.</exception>
    Task<string> Look(CancellationToken stop);
}

/// <summary>Asks all checks at once, each within a time-out. Who asks while others do, or a moment later, gets the same answers.</summary>
internal sealed class NodeChecks(IEnumerable<INodeCheck> checks, TimeProvider clock) : IDisposable
{
    internal static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly INodeCheck[] _checks = [.. checks];
    private IReadOnlyList<NodeCheck> _last = [];
    private long? _lastAt;

    internal IReadOnlySet<string> GivenUpOn => _checks.Where(c => c.MayBeGivenUp).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);

    internal async Task<IReadOnlyList<NodeCheck>> Run(CancellationToken stop)
    {
        await _turn.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            if (_lastAt is null || clock.GetElapsedTime(_lastAt.Value) >= s_fresh)
            {
                _last = await Task.WhenAll(_checks.Select(Ask)).ConfigureAwait(false);
                _lastAt = clock.GetTimestamp();
            }

            return _last;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<NodeCheck> Ask(INodeCheck check)
    {
        long started = clock.GetTimestamp();
        NodeCheck Result(bool good, string detail) => new(check.Name, good, detail, (long)clock.GetElapsedTime(started).TotalMilliseconds);
        using CancellationTokenSource patience = new(TimeOut, clock);
        try
        {
            // On a thread of its own: drivers of databases block, some of them also when asked not to.
            return Result(true, await Task.Run(() => check.Look(patience.Token), patience.Token).WaitAsync(patience.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException)
        {
            return Result(false, $"no answer within {TimeOut.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            return Result(false, e.Message);
        }
    }
}
