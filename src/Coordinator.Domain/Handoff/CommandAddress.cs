namespace Coordinator.Domain.Handoff;

/// <summary>
/// For which store of an agent a coordinator's command is meant: the one that its last report came from. An agent whose state was wiped or restored has forgotten which attempts are over and
/// which launches have ended; a command that has been on its way since before must not reach it (found by the simulator: a doubled start of a migration that had ended long ago moved the guest again).
/// </summary>
public static class CommandAddress
{
    /// <param name="named">None for a fence, which asks for that report, and from coordinators that do not name it.</param>
    /// <param name="own">Of the agent.</param>
    public static bool Reaches(StoreInstanceId named, StoreInstanceId own) => named == StoreInstanceId.None || named == own;

    public static string Refusal(StoreInstanceId named, StoreInstanceId own) => $"this is for store {named} of this agent, whose store is {own} by now";
}
