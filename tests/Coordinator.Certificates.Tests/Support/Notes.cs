using System.Text;
using Coordinator.Lab;
using Microsoft.Extensions.Logging;

namespace Coordinator.Certificates.Tests.Support;

/// <summary>What was logged, to be waited for.</summary>
internal sealed class Notes : ILogger, ILoggerProvider
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly StringBuilder _text = new();

    public string Text
    {
        get
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>One line with all of these.</summary>
    public async Task SayAsync(params string[] parts) =>
        await Eventually.BecomesTrue(() => Text.Split('\n').Any(line => parts.All(part => line.Contains(part, StringComparison.Ordinal))), s_limit, string.Join(" ... ", parts), () => Text);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_text)
        {
            _text.AppendLine($"{logLevel}: {formatter(state, exception)} {exception?.Message}");
        }
    }

    public void Dispose()
    {
    }
}
