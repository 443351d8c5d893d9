using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Coordinator.Chaos.Laboratory;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Faults;

/// <summary>SIGKILL, and started again at once, as their supervisor does.</summary>
internal sealed class KilledParts(Action<HistoryRecord> note, ChaosLab lab, params IReadOnlyList<Part> parts) : Fault(note)
{
    private static readonly TimeSpan s_readyLimit = TimeSpan.FromSeconds(60);

    private readonly List<Task> _restarts = [];

    public override async Task BeginAsync()
    {
        foreach (Part part in parts)
        {
            if (!part.IsRunning)
            {
                throw new LabFailure($"{part.Name} does not run: there is nobody to kill");
            }

            Begins(lab.PartyOf(part), FaultKind.Dead);
            await part.KillAsync();
        }
    }

    public override void Restart()
    {
        foreach (Part part in parts)
        {
            part.Start();
            _restarts.Add(NoteReadyAsync(part));
        }
    }

    public override Task EndAsync() => Task.WhenAll(_restarts);

    /// <summary>It listens where its peers dial.</summary>
    private async Task NoteReadyAsync(Part part)
    {
        IPEndPoint end = part == lab.SourceAgent ? Agent(Deployment.Alpha) : part == lab.DestinationAgent ? Agent(Deployment.Beta) : new IPEndPoint(IPAddress.Loopback, Deployment.FirstApiPort);
        await Eventually.Becomes(async () => await ListensAsync(end) ? "" : null, s_readyLimit, string.Create(CultureInfo.InvariantCulture, $"{part.Name} to listen"), lab.Deployment.Log);
        Ends(lab.PartyOf(part), FaultKind.Dead);
    }

    private IPEndPoint Agent(string host) => new(IPAddress.Parse(lab.Deployment.StreamAddress(host)), Deployment.HandoffPort);

    private async Task<bool> ListensAsync(IPEndPoint end)
    {
        using Socket probe = NamespaceSocket.Tcp(lab.Deployment.Network.Namespace);
        try
        {
            await probe.ConnectAsync(end);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
