using System.Collections.Concurrent;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// One input at a time, in order, on the thread of whoever brought the first one: when nothing is under way, an event of QEMU is decided and answered on the very thread that read
/// it, without a hop. A handler that awaits (a commit of the store) lets that thread go; what comes meanwhile waits. By hand because <c>System.Threading.Channels</c> and actor
/// libraries all hand over to another thread.
/// </summary>
internal sealed class SerialInbox<T>(Func<T, ValueTask> handle)
{
    private readonly ConcurrentQueue<T> _waiting = new();
    private int _pending;

    public void Post(T input)
    {
        _waiting.Enqueue(input);
        if (Interlocked.Increment(ref _pending) == 1)
        {
            _ = DrainAsync();
        }
    }

    /// <summary>The handler must not throw: its owner knows what a failed input means.</summary>
    private async Task DrainAsync()
    {
        int handled;
        do
        {
            handled = 0;
            while (_waiting.TryDequeue(out T? input))
            {
                handled++;
                await handle(input);
            }
        }
        while (Interlocked.Add(ref _pending, -handled) != 0);
    }
}
