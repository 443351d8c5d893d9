using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Holding;

/// <summary>The hold as this node knows it: read by every decision, replaced by <see cref="HoldActor"/> only.</summary>
public sealed class HoldBoard
{
    private volatile HoldState _state = HoldState.None;

    public FleetHold? Current => _state.Hold;

    internal long Version => _state.Version;

    /// <returns>False for one that is not newer.</returns>
    internal bool Show(HoldState state)
    {
        if (state.Version <= _state.Version)
        {
            return false;
        }

        _state = state;
        return true;
    }
}
