using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;

namespace Coordinator.Agent.Sessions;

/// <summary>What the source's report says beyond the domain's state. Volatile, except that the final records can come back from disk.</summary>
internal sealed class SourceFacts(AttemptNo attempt)
{
    /// <summary>QEMU counts every pass; more than this of the newest are not worth a report's size.</summary>
    private const int PassesAtMost = 64;

    public QemuLayout? Layout { get; set; }

    public LaunchId LayoutOf { get; set; }

    public AgentProtocol.Rehearsal? Rehearsal { get; set; }

    public string Error { get; set; } = "";

    public SourceTimes Times { get; private set; } = new() { Attempt = attempt.Value };

    public List<Pass> Passes { get; } = [];

    /// <summary>The completed attempt as it is released.</summary>
    public Released? Final { get; set; }

    public bool StoodStill { get; set; }

    /// <summary>What follows the end of an attempt that left the guest here has been done.</summary>
    public bool IsSettled { get; set; }

    /// <summary>The destination has answered something.</summary>
    public TaskCompletionSource FirstAnswer { get; private set; } = NewSource();

    public void BeginAttempt(AttemptNo next)
    {
        Error = "";
        Times = new SourceTimes { Attempt = next.Value };
        Passes.Clear();
        Final = null;
        StoodStill = false;
        IsSettled = false;
        FirstAnswer = NewSource();
    }

    public void Note(Pass pass)
    {
        if (Passes.Count > 0 && Passes[^1].Number == pass.Number)
        {
            Passes[^1] = pass;
            return;
        }

        Passes.Add(pass);
        if (Passes.Count > PassesAtMost)
        {
            Passes.RemoveAt(0);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
