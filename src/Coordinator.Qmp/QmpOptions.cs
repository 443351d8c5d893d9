using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Qmp;

/// <summary>Limits and ways of one connection. Every limit exists so that no peer can hold a caller for ever or fill its memory.</summary>
public sealed record QmpOptions
{
    public static QmpOptions Default { get; } = new();

    /// <summary>Connect, greeting and capability negotiation together. QEMU greets within milliseconds unless another client holds the monitor.</summary>
    public TimeSpan ConnectDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For commands that name no deadline of their own. Counts from the call, so it includes waiting for a place among the outstanding ones.</summary>
    public TimeSpan CommandDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest message accepted. query-qmp-schema, the largest reply in common use, is about 0.2 MiB.</summary>
    public int MaxMessageBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Nesting accepted in a message; QEMU's own parser allows 1024 (MAX_NESTING in qobject/json-streamer.c).</summary>
    public int MaxDepth { get; init; } = 1024;

    /// <summary>In-band commands that may wait for a place. One device has at most 1024 virtqueues, so four such readings fit.</summary>
    public int MaxWaitingCommands { get; init; } = 4096;

    /// <summary>Events that may lie unread in <see cref="QmpConnection.Events"/>; one more closes the connection.</summary>
    public int EventCapacity { get; init; } = 1024;

    /// <summary>
    /// Called on the read loop for each event, before anything that arrived after it is looked at: the way with the least latency.
    /// <see cref="QmpConnection.Events"/> then stays empty. It may start commands, but must not block on them (their replies are
    /// read by the loop that it holds up). An exception from it closes the connection with that exception as the cause.
    /// </summary>
    public Action<QmpConnection, QmpEvent>? OnEvent { get; init; }

    /// <summary>Called once for each connection, which the tap then hears; null: nobody listens.</summary>
    public Func<IQmpTap>? Tap { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    internal QmpOptions Validated()
    {
        RequirePositive(ConnectDeadline, nameof(ConnectDeadline));
        RequirePositive(CommandDeadline, nameof(CommandDeadline));
        RequireAtLeast(MaxMessageBytes, 1024, nameof(MaxMessageBytes));
        RequireAtLeast(MaxDepth, 8, nameof(MaxDepth));
        RequireAtLeast(MaxWaitingCommands, 1, nameof(MaxWaitingCommands));
        RequireAtLeast(EventCapacity, 1, nameof(EventCapacity));
        return this;
    }

    static void RequirePositive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero && value != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive or infinite.");
    }

    static void RequireAtLeast(int value, int least, string name)
    {
        if (value < least)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");
    }
}
