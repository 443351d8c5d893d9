using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Coordinator.Agent.Channel;

/// <summary>
/// The port of the handoff channel where the configuration leaves it open (port 0): the one that an earlier life of this agent had, if it is free. A source that asks for a decision knows this
/// agent by the address of that life, and would never find a life with another port (found by `coordctl chaos run`).
/// </summary>
internal static class HandoffPort
{
    public const string FileName = "handoff-port";

    public static IPEndPoint For(IPEndPoint configured, string stateDirectory) =>
        configured.Port == 0 && Remembered(stateDirectory) is { } port && IsFree(configured.Address, port) ? new IPEndPoint(configured.Address, port) : configured;

    /// <summary>Neither durable nor certain: an agent whose disk is full starts all the same, and a port that is forgotten is chosen anew.</summary>
    public static void Remember(string stateDirectory, int port)
    {
        try
        {
            File.WriteAllText(PathIn(stateDirectory), port.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }
    }

    private static int? Remembered(string stateDirectory) =>
        File.Exists(PathIn(stateDirectory)) && int.TryParse(File.ReadAllText(PathIn(stateDirectory)), CultureInfo.InvariantCulture, out int port) && port is > 0 and <= IPEndPoint.MaxPort ? port : null;

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using TcpListener probe = new(address, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string PathIn(string stateDirectory) => Path.Combine(stateDirectory, FileName);
}
