using Coordinator.Domain;
using Coordinator.History;

namespace Coordinator.Agent.Recording;

/// <summary>
/// What this life of the agent did and was told, for the checkers of test runs. Off, and null everywhere, unless the environment variable names a directory. Each record only
/// goes into a queue on the calling thread: the guest of a switchover does not wait for a file.
/// </summary>
internal sealed class AgentHistory : IAsyncDisposable
{
    public const string Variable = "COORDINATOR_HISTORY";

    private AgentHistory(HostName host, StoreInstanceId store, HistoryWriter writer) => (Host, Store, Writer) = (host, store, writer);

    public HostName Host { get; }

    public StoreInstanceId Store { get; }

    public HistoryWriter Writer { get; }

    /// <exception cref="IOException">The directory that is named cannot be written.</exception>
    public static AgentHistory? FromEnvironment(string hostId, Guid store) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } directory
            ? new AgentHistory(new HostName(hostId), new StoreInstanceId(store), HistoryWriter.Create(directory, $"agent-{hostId}", new HostName(hostId), HistoryClock.NowMicros))
            : null;

    public VmHistory Of(string vm) => new(this, new VmName(vm));

    public ValueTask DisposeAsync() => Writer.DisposeAsync();
}
