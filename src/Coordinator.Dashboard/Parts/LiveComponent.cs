using Microsoft.AspNetCore.Components;

namespace Coordinator.Dashboard.Parts;

/// <summary>A part of a page that is fed by a stream for as long as it is shown. When the stream breaks it says why, and asks again.</summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _gone = new();
    private CancellationTokenSource _followed = new();

    /// <summary>Why there is nothing newer; empty while all is well.</summary>
    protected string Trouble { get; private set; } = "";

    [Inject]
    protected IFleetWindow Window { get; set; } = null!;

    [Inject]
    protected TimeProvider Clock { get; set; } = null!;

    /// <summary>Shows what comes, from now on; what was followed before with this method is given up.</summary>
    protected void FollowOnly<T>(Func<CancellationToken, IAsyncEnumerable<T>> stream, Action<T> show)
    {
        _followed.Cancel();
        _followed.Dispose();
        _followed = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token);
        _ = Run(stream, show, _followed.Token);
    }

    /// <summary>Shows what comes for as long as this part is there.</summary>
    protected void Follow<T>(Func<CancellationToken, IAsyncEnumerable<T>> stream, Action<T> show) => _ = Run(stream, show, _gone.Token);

    /// <summary>Draws again now and then, for times that grow.</summary>
    protected void Tick(TimeSpan every) => _ = TickAsync(every, _gone.Token);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _gone.Cancel();
            _gone.Dispose();
            _followed.Dispose();
        }
    }

    private async Task Run<T>(Func<CancellationToken, IAsyncEnumerable<T>> stream, Action<T> show, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (T item in stream(stop).ConfigureAwait(false))
                {
                    await Draw(() =>
                    {
                        Trouble = "";
                        show(item);
                    }, stop).ConfigureAwait(false);
                }

                return;
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception e)
            {
                await Draw(() => Trouble = e.Message, stop).ConfigureAwait(false);
                if (e is NotShownException { MayComeLater: false })
                {
                    return;
                }
            }

            await Task.Delay(s_again, Clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private Task Draw(Action change, CancellationToken stop) => InvokeAsync(() =>
    {
        if (!stop.IsCancellationRequested)
        {
            change();
            StateHasChanged();
        }
    });

    private async Task TickAsync(TimeSpan every, CancellationToken stop)
    {
        using PeriodicTimer timer = new(every, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                await Draw(() => { }, stop).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The reader has gone elsewhere.
        }
    }
}
