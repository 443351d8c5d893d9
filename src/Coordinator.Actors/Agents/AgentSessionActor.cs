using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Coordinator.Actors.Platform;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Google.Protobuf;

namespace Coordinator.Actors.Agents;

/// <summary>The stream to one agent, as its session writes to it.</summary>
public interface IAgentStream
{
    /// <summary>False when the agent does not read as fast as it is written to; the session then ends.</summary>
    bool TryWrite(CoordinatorMessage message);

    /// <summary>Ends the stream with a sentence for the agent's log. May be called again.</summary>
    void Close(string reason);
}

/// <summary>One message of the agent.</summary>
public sealed record FromAgent(AgentMessage Message) : INoSerializationVerificationNeeded;

/// <summary>The agent has ended its stream, or the stream broke.</summary>
public sealed record AgentStreamEnded : INoSerializationVerificationNeeded;

/// <summary>
/// One agent's stream on this node: passes reports, answers and samples to the VMs' entities, and what is published for the host to the agent. Holds
/// no state of a VM. A newer session of the same host, on any node, ends this one: the agent dialled again, so this stream is dead or about to be.
/// </summary>
public sealed class AgentSessionActor : UntypedActor
{
    private readonly Guid _session = Guid.NewGuid();
    private readonly Hello _hello;
    private readonly HostName _host;
    private readonly IAgentStream _stream;
    private readonly AgentSessionParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private string _endReason = "the coordinator node ends";

    public AgentSessionActor(Hello hello, IAgentStream stream, AgentSessionParts parts)
    {
        _hello = hello;
        _host = new HostName(hello.Host);
        _stream = stream;
        _parts = parts;
    }

    /// <exception cref="InvalidValueException">The host's name is not allowed.</exception>
    public static Props Props(Hello hello, IAgentStream stream, AgentSessionParts parts)
    {
        ArgumentNullException.ThrowIfNull(hello);
        _ = new HostName(hello.Host);
        return Akka.Actor.Props.Create(() => new AgentSessionActor(hello, stream, parts));
    }

    protected override void PreStart()
    {
        _parts.Mediator.Tell(new Subscribe(HostTopic.Of(_host.Value), Self));
        _parts.Directory.Tell(new HostOpened(new HostEntry(_host.Value, _session, Connected: true, _parts.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
            _hello.ToByteArray())));
        Write(new CoordinatorMessage { Welcome = new Welcome { Node = _parts.Node } });
    }

    protected override void PostStop()
    {
        _parts.Mediator.Tell(new Unsubscribe(HostTopic.Of(_host.Value), Self));
        _parts.Directory.Tell(new HostClosed(_host.Value, _session));
        _stream.Close(_endReason);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SubscribeAck:
                // Only now do steps reach this session, so only now may the older one go.
                _parts.Mediator.Tell(new Publish(HostTopic.Of(_host.Value), new HostSessionOpened(_host.Value, _session)));
                foreach (string vm in _hello.Vms)
                {
                    Route(vm, new Nudge(vm));
                }

                break;
            case UnsubscribeAck:
                break;
            case SendToHost send:
                Write(CoordinatorMessage.Parser.ParseFrom(send.Message));
                break;
            case HostSessionOpened opened when opened.Session != _session:
                End($"the agent of {_host} has opened a newer stream");
                break;
            case HostSessionOpened:
                break;
            case FromAgent from:
                OnAgent(from.Message);
                break;
            case AgentStreamEnded:
                End("the agent has ended the stream");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnAgent(AgentMessage message)
    {
        switch (message.MessageCase)
        {
            case AgentMessage.MessageOneofCase.Report:
                Route(message.Report.Vm, new AgentReported(message.Report.Vm, _host.Value, message.Report.ToByteArray()));
                break;
            case AgentMessage.MessageOneofCase.Status:
                _parts.Directory.Tell(new HostStated(_host.Value, _session, message.Status.MemoryFreeMib));
                break;
            case AgentMessage.MessageOneofCase.Answer:
                Route(message.Answer.Vm, new AgentAnswered(message.Answer.Vm, _host.Value, message.Answer.ToByteArray()));
                break;
            case AgentMessage.MessageOneofCase.Progress:
                Route(message.Progress.Vm, new AgentSampled(message.Progress.Vm, _host.Value, message.Progress.ToByteArray()));
                break;
            case AgentMessage.MessageOneofCase.Carried:
                Carry(message.Carried);
                break;
            default:
                _log.Warning("{0}: a message of kind {1} is not expected here and is dropped", _host, message.MessageCase);
                break;
        }
    }

    private void Route(string vm, object message)
    {
        try
        {
            _ = new VmName(vm);
        }
        catch (InvalidValueException refused)
        {
            _log.Warning("{0}: a message is dropped: {1}", _host, refused.Message);
            return;
        }

        // Nobody waits for an answer, and one would come back for every VM of a host.
        _parts.Region.Tell(message, ActorRefs.NoSender);
    }

    /// <summary>Passed on as it is: a coordinator never speaks for a register.</summary>
    private void Carry(CarriedHandoff carried)
    {
        if (carried.FromHost != _host.Value)
        {
            _log.Warning("{0}: a carried message is dropped: it says that it comes from '{1}'", _host, carried.FromHost);
            return;
        }

        try
        {
            HostName to = new(carried.ToHost);
            _parts.Mediator.Tell(new Publish(HostTopic.Of(to.Value), new SendToHost(to.Value, new CoordinatorMessage { Carried = carried }.ToByteArray())));
        }
        catch (InvalidValueException refused)
        {
            _log.Warning("{0}: a carried message is dropped: {1}", _host, refused.Message);
        }
    }

    private void Write(CoordinatorMessage message)
    {
        if (!_stream.TryWrite(message))
        {
            End($"the agent of {_host} reads too slowly");
        }
    }

    private void End(string reason)
    {
        _endReason = reason;
        _log.Info("{0}: session ends: {1}", _host, reason);
        Context.Stop(Self);
    }
}

/// <summary>What a session needs from its node.</summary>
/// <param name="Region">The VMs' shard region.</param>
/// <param name="Mediator">Distributed publish-subscribe.</param>
/// <param name="Directory">This node's <see cref="HostDirectoryActor"/>.</param>
/// <param name="Clock">For the time at which the host connected.</param>
/// <param name="Node">Address of this node, told to the agent.</param>
public sealed record AgentSessionParts(IActorRef Region, IActorRef Mediator, IActorRef Directory, TimeProvider Clock, string Node);
