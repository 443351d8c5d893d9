using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Coordinator.Actors.Remoting;
using Coordinator.Certificates.Links;

namespace Coordinator.Certificates.Tests.Support;

/// <summary>An actor system with the coordinators' remoting and an actor that says everything back.</summary>
internal sealed class RemotingNode : IAsyncDisposable
{
    public const string Name = "coordinator";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private RemotingNode(ActorSystem system, LinkCertificates certificates, string directory)
    {
        (System, Certificates, Directory) = (system, certificates, directory);
    }

    public ActorSystem System { get; }

    public LinkCertificates Certificates { get; }

    public string Directory { get; }

    public Address Address => ((ExtendedActorSystem)System).Provider.DefaultAddress;

    public static RemotingNode Start(string directory, Notes notes)
    {
        LinkCertificates certificates = TestAuthority.Open(directory, notes);
        Config config = ConfigurationFactory.ParseString($$"""
            akka.actor.provider = remote
            akka.loggers = ["Akka.Event.DefaultLogger"]
            akka.stdout-loglevel = OFF
            akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
            akka.remote.retry-gate-closed-for = 200ms
            akka.remote.dot-netty.tcp {
              transport-class = "{{typeof(NodeLinkTransport).AssemblyQualifiedName}}"
              hostname = "127.0.0.1"
              port = 0
            }
            """);
        ActorSystem system = ActorSystem.Create(Name, ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config), new NodeLinkSetup(certificates)));
        IActorRef listening = system.ActorOf(Props.Create(() => new NoteTaker(notes)));
        system.EventStream.Subscribe(listening, typeof(LogEvent));
        system.ActorOf(Props.Create(() => new Echo()), "echo");
        return new RemotingNode(system, certificates, directory);
    }

    /// <summary>Asks the other one, as often as it takes.</summary>
    public async Task<string> AskAsync(RemotingNode other, string text)
    {
        ActorSelection echo = System.ActorSelection($"{other.Address}/user/echo");
        return await Eventually.Becomes(
            async () =>
            {
                try
                {
                    return await echo.Ask<string>(text, TimeSpan.FromSeconds(1));
                }
                catch (AskTimeoutException)
                {
                    return null;
                }
            },
            s_limit, "an answer");
    }

    /// <summary>All at once; what comes back, in its order.</summary>
    public async Task<IReadOnlyList<string>> SendAllAsync(RemotingNode other, IReadOnlyList<string> texts)
    {
        List<string> answers = [];
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef collector = System.ActorOf(Props.Create(() => new Collector(answers, texts.Count, all)));
        ActorSelection echo = System.ActorSelection($"{other.Address}/user/echo");
        foreach (string text in texts)
        {
            echo.Tell(text, collector);
        }

        await all.Task.WaitAsync(s_limit);
        return answers;
    }

    public async ValueTask DisposeAsync()
    {
        await System.Terminate();
        Certificates.Dispose();
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Collector : ReceiveActor
    {
        public Collector(List<string> answers, int wanted, TaskCompletionSource all) => Receive<string>(answer =>
        {
            answers.Add(answer);
            if (answers.Count == wanted)
            {
                all.SetResult();
            }
        });
    }

    private sealed class NoteTaker : ReceiveActor
    {
        public NoteTaker(Notes notes) => Receive<LogEvent>(log => notes.Log(Microsoft.Extensions.Logging.LogLevel.Information, default, log.ToString(), null, (text, _) => text));
    }
}
