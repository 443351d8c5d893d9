using Coordinator.AgentProtocol;
using Coordinator.Domain.Handoff;
using Coordinator.Failpoints;

namespace Coordinator.Agent.Sessions;

/// <summary>The names of the places at which a session meets a failpoint. Asked only where <see cref="Failpoint.IsOn"/>, since making a name costs more than a blackout may.</summary>
internal static class SessionFailpoints
{
    public const string FloorRaise = "agent.floor.raise";

    public static string Step(Step step) => FailpointCatalogue.Place("agent.step", step.CommandCase.ToString());

    public static string Effect(SourceEffect effect) => FailpointCatalogue.Place("agent.source.effect", effect.GetType().Name);

    public static string Effect(DestinationEffect effect) => FailpointCatalogue.Place("agent.destination.effect", effect.GetType().Name);

    public static string Message(SourceMessage message) => FailpointCatalogue.Place("agent.handoff", message.GetType().Name);

    public static string Answer(RegisterAnswer answer) => FailpointCatalogue.Place("agent.answer", answer.ToString());

    public static Task BeforeAsync(string vm, IEnumerable<SourceEvent> events) => HitAsync(vm, Places(events), FailpointCatalogue.Before);

    public static Task AfterAsync(string vm, IEnumerable<SourceEvent> events) => HitAsync(vm, Places(events), FailpointCatalogue.After);

    public static Task BeforeAsync(string vm, IEnumerable<DestinationEvent> events) => HitAsync(vm, Places(events), FailpointCatalogue.Before);

    public static Task AfterAsync(string vm, IEnumerable<DestinationEvent> events) => HitAsync(vm, Places(events), FailpointCatalogue.After);

    private static IEnumerable<string> Places(IEnumerable<SourceEvent> events) =>
        events.Where(happened => happened.Durable).Select(happened => FailpointCatalogue.Place("agent.source.persist", happened.GetType().Name));

    private static IEnumerable<string> Places(IEnumerable<DestinationEvent> events) =>
        events.Where(happened => happened.Durable).Select(happened => FailpointCatalogue.Place("agent.destination.persist", happened.GetType().Name));

    private static async Task HitAsync(string vm, IEnumerable<string> places, Func<string, string> moment)
    {
        foreach (string place in places)
        {
            await Failpoint.HitAsync(moment(place), vm);
        }
    }
}
