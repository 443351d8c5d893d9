namespace Coordinator.Agent.Definitions;

/// <summary>
/// A <c>-uuid</c> among the arguments that says the same as the definition is taken out (the agent adds it), so that it makes no difference to the fingerprint;
/// a contradicting one is refused, since <c>validate-uuid</c> would fail the migration later.
/// </summary>
internal static class DefinedUuid
{
    public static IReadOnlyList<string> TakeOut(IReadOnlyList<string> arguments, Guid uuid, Action<int, string> refuse)
    {
        var kept = new List<string>(arguments.Count);
        for (var i = 0; i < arguments.Count; i++)
        {
            if (ReservedOptions.OptionName(arguments[i]) != "uuid" || (i > 0 && ReservedOptions.OptionName(arguments[i - 1]) == "append"))
            {
                kept.Add(arguments[i]);
            }
            else if (i + 1 < arguments.Count && (arguments[i + 1] == "${uuid}" || (Guid.TryParse(arguments[i + 1], out var given) && given == uuid)))
            {
                i++;
            }
            else
            {
                refuse(i, $"the argument -uuid contradicts 'uuid: {uuid}' of the definition. Remove the argument, the agent adds it.");
                i++;
            }
        }

        return kept;
    }
}
