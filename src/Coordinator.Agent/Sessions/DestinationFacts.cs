using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;

namespace Coordinator.Agent.Sessions;

/// <summary>What the destination's report says beyond the domain's state. Volatile: rings of a loaded copy do not change, so they are read again after a restart.</summary>
internal sealed class DestinationFacts(AttemptNo attempt)
{
    public QemuLayout? Layout { get; set; }

    public bool IsListening { get; set; }

    public string StreamUri { get; set; } = "";

    /// <summary>Kept from other guests as long as QEMU may listen on it; 0 when the kernel chose.</summary>
    public int Port { get; set; }

    public string Error { get; set; } = "";

    public DestinationTimes Times { get; private set; } = new() { Attempt = attempt.Value };

    /// <summary>The source's final records, as they came with its release.</summary>
    public Released? Released { get; set; }

    /// <summary>This side's rings after the load and before <c>cont</c>.</summary>
    public FinalReading? First { get; set; }

    public IReadOnlyList<string> GateFindings { get; set; } = [];

    public IReadOnlyList<DeviceReading> AfterResume { get; set; } = [];

    public void BeginAttempt(AttemptNo next)
    {
        Layout = null;
        IsListening = false;
        StreamUri = "";
        Port = 0;
        Error = "";
        Times = new DestinationTimes { Attempt = next.Value };
        Released = null;
        First = null;
        GateFindings = [];
        AfterResume = [];
    }
}
