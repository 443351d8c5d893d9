using System.Threading.Channels;
using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;

namespace Coordinator.Server.Grpc;

/// <summary>Outgoing messages of one agent's stream, bounded: a stream whose agent does not read is closed, not buffered.</summary>
internal sealed class AgentStream : IAgentStream
{
    /// <summary>Some steps per VM, for as many VMs as one host has.</summary>
    private const int MaxOutstanding = 4_096;

    private readonly Channel<CoordinatorMessage> _messages = Channel.CreateBounded<CoordinatorMessage>(
        new BoundedChannelOptions(MaxOutstanding) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    public ChannelReader<CoordinatorMessage> Messages => _messages.Reader;

    /// <summary>Why the stream was closed from this side; null while it was not.</summary>
    public string? ClosedBecause { get; private set; }

    public bool TryWrite(CoordinatorMessage message) => _messages.Writer.TryWrite(message);

    public void Close(string reason)
    {
        ClosedBecause ??= reason;
        _messages.Writer.TryComplete();
    }
}
