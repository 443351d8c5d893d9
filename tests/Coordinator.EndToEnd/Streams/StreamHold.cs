namespace Coordinator.EndToEnd.Streams;

/// <summary>
/// The place in a stream where device state begins: memory is across, <c>migrate-continue</c> was sent, and the source is in <c>device</c> until the destination has the rest. A
/// stream stands still there until it is released, for as long as a test needs to be in the middle of a switchover.
/// </summary>
internal sealed class StreamHold
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsReached => _reached.Task.IsCompleted;

    public void Release() => _released.TrySetResult();

    public Task StandAsync(CancellationToken stop)
    {
        _reached.TrySetResult();
        return _released.Task.WaitAsync(stop);
    }
}
