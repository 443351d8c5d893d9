using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Faults;

/// <summary>SIGSTOP and, after a while, SIGCONT: its connections stay open and it believes that no time has passed.</summary>
/// <param name="note">Into the history.</param>
/// <param name="part">Which.</param>
/// <param name="party">Its name there.</param>
/// <param name="lasts">From SIGSTOP to SIGCONT.</param>
/// <param name="withChildren">It works in children.</param>
internal sealed class FrozenPart(Action<HistoryRecord> note, Part part, Party party, TimeSpan lasts, bool withChildren = false) : Fault(note)
{
    private bool _isFrozen;

    public override TimeSpan Lasts => lasts;

    public override Task BeginAsync()
    {
        if (!part.IsRunning)
        {
            throw new LabFailure($"{part.Name} does not run: there is nobody to stop");
        }

        Begins(party, FaultKind.Stopped);
        if (withChildren)
        {
            part.FreezeWithChildren();
        }
        else
        {
            part.Freeze();
        }

        _isFrozen = true;
        return Task.CompletedTask;
    }

    public override Task EndAsync()
    {
        if (_isFrozen)
        {
            _isFrozen = false;
            if (!part.IsRunning)
            {
                throw new LabFailure($"{part.Name} was ended by somebody while it stood still");
            }

            part.Thaw();
            Ends(party, FaultKind.Stopped);
        }

        return Task.CompletedTask;
    }
}
