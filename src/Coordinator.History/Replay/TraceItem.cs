using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>What was seen of one of the two QEMUs of an attempt, in the order of its host's clock.</summary>
public abstract record TraceItem(long AtMicros, Side Side)
{
    /// <summary>The destination's process exists from here on; with <c>-S</c> unless <paramref name="Autostart"/>.</summary>
    public sealed record Launched(long AtMicros, bool Autostart = false) : TraceItem(AtMicros, Side.Destination)
    {
        public override string ToString() => $"{Moment.Ms(AtMicros)} {Side} launched";
    }

    /// <param name="AtMicros">Before its bytes left.</param>
    /// <param name="Side">Where to.</param>
    /// <param name="Command">The same object as in its <see cref="Replied"/>.</param>
    public sealed record Sent(long AtMicros, Side Side, TraceCommand Command) : TraceItem(AtMicros, Side)
    {
        public override string ToString() => $"{Moment.Ms(AtMicros)} {Side} >> {Command}";
    }

    /// <param name="AtMicros">When the reply was read.</param>
    /// <param name="Side">Where from.</param>
    /// <param name="Command">Knows the reply.</param>
    public sealed record Replied(long AtMicros, Side Side, TraceCommand Command) : TraceItem(AtMicros, Side)
    {
        public override string ToString() => $"{Moment.Ms(AtMicros)} {Side} << {Command.Reply} (reply to {Command.Text})";
    }

    /// <param name="AtMicros">QEMU's own time; of <see cref="QemuEventKind.ProcessEnded"/>, when it was noticed.</param>
    /// <param name="Event">As the model names it.</param>
    public sealed record Happened(long AtMicros, QemuEvent Event) : TraceItem(AtMicros, Event.Side)
    {
        public override string ToString() => $"{Moment.Ms(AtMicros)} {Side} << {Event.Kind}{(Event.Kind == QemuEventKind.Migration ? " " + Event.Status.ToQmp() : "")}";
    }

    /// <summary>
    /// Commands to this QEMU may be missing in the trace between these two: its agent was killed, with the end of its file unwritten, and another life has not begun yet.
    /// </summary>
    public sealed record GapBegan(long AtMicros, Side Side) : TraceItem(AtMicros, Side)
    {
        public override string ToString() => $"{Moment.Ms(AtMicros)} {Side} gap begins";
    }

    public sealed record GapEnded(long AtMicros, Side Side) : TraceItem(AtMicros, Side)
    {
        public override string ToString() => $"{Moment.Ms(AtMicros)} {Side} gap ends";
    }
}

/// <summary>One command of a trace. Compared by reference: each is an object of its own.</summary>
/// <param name="text">As QEMU spells it.</param>
/// <param name="lane">See <see cref="CommandSent.Lane"/>.</param>
public sealed class TraceCommand(string text, string lane = "main")
{
    public string Text { get; } = text;

    public string Lane { get; } = lane;

    /// <summary>Null for a query.</summary>
    public QemuCommand? Command { get; init; }

    /// <summary>Of <c>migrate-set-capabilities</c>: the ones that the model knows and that are named; the others keep what they are.</summary>
    public QemuCapabilities Named { get; init; }

    /// <summary>Null: never answered.</summary>
    public TraceReply? Reply { get; init; }

    public override string ToString() => Reply is null ? $"{Text} (never answered)" : Text;
}

/// <param name="Error">QEMU's <c>desc</c>; null: success.</param>
/// <param name="Run">What <c>query-status</c> said.</param>
/// <param name="Status">What <c>query-migrate</c> said.</param>
public sealed record TraceReply(string? Error = null, RunState? Run = null, MigrationStatus? Status = null)
{
    public override string ToString() => Error is not null ? $"error \"{Error}\"" : Run is { } run ? run.ToString() : Status is { } status ? status.ToString() : "ok";
}
