using System.Threading.Channels;
using Coordinator.Agent.Qemu;
using Coordinator.Agent.Sessions;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Listeners;
using Coordinator.Certificates.Verification;
using Grpc.Core;

namespace Coordinator.Agent.Channel;

/// <summary>The destination's end of the handoff channel: frames go to the session of their VM, answers back on the same stream.</summary>
internal sealed class HandoffListener(VmSessions sessions, AgentContext agent) : Handoff.HandoffBase
{
    private static readonly PeerExpectation s_agents = new([PartyRole.Agent]);

    public override async Task Open(IAsyncStreamReader<SourceFrame> requestStream, IServerStreamWriter<DestinationFrame> responseStream, ServerCallContext context)
    {
        Channel<DestinationFrame> outbound =
            System.Threading.Channels.Channel.CreateUnbounded<DestinationFrame>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
        context.Require(agent.Certificates, s_agents);
        string? caller = context.Caller()?.Name;
        await context.WriteResponseHeadersAsync([]);
        Task writing = WriteAsync(outbound.Reader, responseStream);
        try
        {
            await foreach (SourceFrame frame in requestStream.ReadAllAsync(context.CancellationToken))
            {
                if (caller is not null && sessions.SourceHostOf(frame) is { } source && source != caller)
                {
                    context.Require(agent.Certificates, PeerExpectation.AgentOf(source));
                }

                sessions.Deliver(frame, caller, answer => outbound.Writer.TryWrite(answer), HostClock.NowMicros());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The source agent or the network went away; it dials again.
        }
        finally
        {
            outbound.Writer.TryComplete();
            await writing;
        }
    }

    private static async Task WriteAsync(ChannelReader<DestinationFrame> outbound, IServerStreamWriter<DestinationFrame> stream)
    {
        try
        {
            await foreach (DestinationFrame frame in outbound.ReadAllAsync())
            {
                await stream.WriteAsync(frame);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or RpcException)
        {
            // Nobody reads any more; the source asks again over its next stream.
        }
    }
}
