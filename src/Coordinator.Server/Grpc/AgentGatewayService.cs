using Akka.Actor;
using Coordinator.Actors;
using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Listeners;
using Coordinator.Certificates.Verification;
using Coordinator.Domain;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Coordinator.Server.Grpc;

/// <summary>Agents dial in here. One stream, one <see cref="AgentSessionActor"/>; whichever ends first ends the other.</summary>
internal sealed class AgentGatewayService(ActorSystem system, TimeProvider clock, IHostApplicationLifetime lifetime, LinkCertificates? certificates = null) : AgentGateway.AgentGatewayBase
{
    private static readonly TimeSpan s_helloWithin = TimeSpan.FromSeconds(10);

    public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream,
        ServerCallContext context)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        Hello hello = await ReadHello(requestStream, ended.Token).ConfigureAwait(false);
        context.Require(certificates, PeerExpectation.AgentOf(hello.Host));
        AgentStream stream = new();
        IActorRef session = system.ActorOf(Session(hello, stream));
        try
        {
            Task reading = Read(requestStream, session, ended.Token);
            Task writing = Write(stream, responseStream, ended.Token);
            await Task.WhenAny(reading, writing).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(Quietly(reading), Quietly(writing)).ConfigureAwait(false);
        }
        finally
        {
            session.Tell(new AgentStreamEnded());
        }

        if (stream.ClosedBecause is { } reason && !context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Aborted, reason));
        }
    }

    private static async Task<Hello> ReadHello(IAsyncStreamReader<AgentMessage> requests, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(s_helloWithin);
        try
        {
            if (await requests.MoveNext(patience.Token).ConfigureAwait(false) && requests.Current.Hello is { } hello)
            {
                return hello;
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"no hello within {s_helloWithin.TotalSeconds} s"));
        }

        throw new RpcException(new Status(StatusCode.InvalidArgument, "the first message of an agent is its hello"));
    }

    private Props Session(Hello hello, AgentStream stream)
    {
        try
        {
            return AgentSessionActor.Props(hello, stream, CoordinatorActors.SessionParts(system, clock));
        }
        catch (InvalidValueException refused)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, refused.Message));
        }
    }

    private static async Task Read(IAsyncStreamReader<AgentMessage> requests, IActorRef session, CancellationToken stop)
    {
        while (await requests.MoveNext(stop).ConfigureAwait(false))
        {
            session.Tell(new FromAgent(requests.Current));
        }
    }

    private static async Task Write(AgentStream stream, IServerStreamWriter<CoordinatorMessage> responses, CancellationToken stop)
    {
        await foreach (CoordinatorMessage message in stream.Messages.ReadAllAsync(stop).ConfigureAwait(false))
        {
            await responses.WriteAsync(message, stop).ConfigureAwait(false);
        }
    }

    /// <summary>A broken stream is an agent's everyday end, not an error of ours.</summary>
    private static async Task Quietly(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException or InvalidOperationException)
        {
        }
    }
}
