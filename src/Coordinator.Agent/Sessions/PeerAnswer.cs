using Coordinator.Domain;

namespace Coordinator.Agent.Sessions;

/// <summary>Whether the destination's agent has answered since the guest stopped. Told inside the session, waited for outside of it.</summary>
internal sealed class PeerAnswer
{
    private readonly Lock _gate = new();
    private AttemptNo _answered;
    private TaskCompletionSource _next = New();

    public bool HasAnswered(AttemptNo attempt)
    {
        lock (_gate)
        {
            return _answered == attempt;
        }
    }

    /// <summary>An answer from before the guest stopped says nothing about now.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _answered = AttemptNo.None;
        }
    }

    public void Heard(AttemptNo attempt)
    {
        TaskCompletionSource heard;
        lock (_gate)
        {
            _answered = attempt;
            (heard, _next) = (_next, New());
        }

        heard.SetResult();
    }

    /// <returns>False when it has not answered within the limit.</returns>
    public async Task<bool> AnswersAsync(AttemptNo attempt, TimeSpan limit, CancellationToken stop)
    {
        Task next;
        lock (_gate)
        {
            if (_answered == attempt)
            {
                return true;
            }

            next = _next.Task;
        }

        await Task.WhenAny(next, Task.Delay(limit, stop));
        return HasAnswered(attempt);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
