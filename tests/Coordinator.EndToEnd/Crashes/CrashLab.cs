using Coordinator.EndToEnd.Streams;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Processes;

namespace Coordinator.EndToEnd.Crashes;

/// <summary>
/// Two coordinators, two agents and the relay of the stream, for one crash after the other, each with a guest of its own: starting them takes longer than most crashes. One in which a
/// test went wrong is thrown away.
/// </summary>
public sealed class CrashLab : IAsyncLifetime
{
    private Deployment? _deployment;
    private StreamRelay? _relay;
    private int _guests;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        (Deployment? deployment, StreamRelay? relay) = (_deployment, _relay);
        (_deployment, _relay) = (null, null);
        try
        {
            await (relay?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
        finally
        {
            await (deployment?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>Everybody there, connected and undisturbed.</summary>
    internal async Task<(Deployment Deployment, StreamRelay Relay, string Guest)> FreshAsync()
    {
        if (_deployment is null)
        {
            _deployment = await Deployment.StartAsync(coordinators: 2, relayed: true);
            _relay = StreamRelay.Start(_deployment, Deployment.Beta, queuePairs: 1);
        }

        foreach (Part part in _deployment.Coordinators.Concat([_deployment.Agent(Deployment.Alpha), _deployment.Agent(Deployment.Beta)]))
        {
            part.Start();
        }

        await _deployment.ConnectedAsync();
        return (_deployment, _relay!, $"{SlowGuest.Name}-{++_guests}");
    }

    /// <summary>Ends what is left of a test.</summary>
    /// <param name="guest">Its guest.</param>
    /// <param name="hold">May still hold back its stream.</param>
    /// <param name="isGood">False throws everything away.</param>
    internal async Task TakeBackAsync(string guest, StreamHold? hold, bool isGood)
    {
        if (!isGood || _relay is null)
        {
            await DisposeAsync();
            return;
        }

        _relay.Hold = null;
        hold?.Release();
        IReadOnlyList<RunningQemu> left = RunningQemu.OfGuest(guest);
        foreach (RunningQemu qemu in left)
        {
            ProcessSignal.Kill(qemu.Identity.Pid);
        }

        await Eventually.BecomesTrue(() => left.All(qemu => !qemu.Identity.IsAlive), Api.Limit, $"the QEMUs of {guest} to be gone");
    }
}
