using Coordinator.Actors.Operators;

namespace Coordinator.Actors.Alerts;

/// <summary>A way to people. Anything but a plain return means "not delivered"; the message says why.</summary>
internal interface IAlertOutlet
{
    string Name { get; }

    /// <exception cref="AlertRefusedException">The receiver did not take it.</exception>
    Task DeliverAsync(Alert alert, CancellationToken timeOut);
}

internal sealed class AlertRefusedException(string message) : Exception(message);

/// <summary>The alert as one line on standard input; exit code 0 means taken.</summary>
internal sealed class CommandOutlet(OperatorCommand command) : IAlertOutlet
{
    public string Name => $"command {command.Name}";

    public async Task DeliverAsync(Alert alert, CancellationToken timeOut)
    {
        OperatorAnswer answer = await command.RunAsync(alert.ToJson() + "\n", timeOut).ConfigureAwait(false);
        if (answer.Code != 0)
        {
            throw new AlertRefusedException($"it {answer.Sentence}");
        }
    }
}

/// <summary>The alert as the body of a POST; any 2xx means taken.</summary>
internal sealed class HttpOutlet(OperatorAddress address) : IAlertOutlet
{
    public string Name => address.Name;

    public async Task DeliverAsync(Alert alert, CancellationToken timeOut)
    {
        OperatorAnswer answer = await address.PostAsync(alert.ToJson(), timeOut).ConfigureAwait(false);
        if (answer.Code is not (>= 200 and < 300))
        {
            throw new AlertRefusedException($"it {answer.Sentence}");
        }
    }
}
