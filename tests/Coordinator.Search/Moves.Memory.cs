using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

/// <summary>
/// What a participant does in one state is computed once: participants have tens of thousands of states, the world has tens of millions. The decision code is still the
/// production code; only its answers are remembered.
/// </summary>
public sealed partial class Moves
{
    private readonly List<IReadOnlyList<SourceEffect>?> _sourceEffects = [];
    private readonly List<IReadOnlyList<DestinationEffect>?> _destinationEffects = [];
    private readonly List<IReadOnlyList<VmEffect>?> _entityEffects = [];
    private readonly Dictionary<int, int> _lastWords = [];
    private readonly List<int?> _entityStates = [];
    private readonly List<(QemuStep Step, int Next)[]?> _steps = [];
    private readonly Dictionary<(int, Side, QemuCommand), int[]> _outcomes = [];
    private readonly Dictionary<(int, SourceInput), int> _toldSource = [];
    private readonly Dictionary<(int, DestinationInput), (int, DestinationReply)> _toldDestination = [];
    private readonly Dictionary<(int, int, bool), int> _heardSource = [];
    private readonly Dictionary<(int, int, bool), int> _heardDestination = [];
    private readonly Dictionary<(int, Command), int> _raisedSource = [];
    private readonly Dictionary<(int, Command), int> _raisedDestination = [];

    private IReadOnlyList<SourceEffect> EffectsOfSource(int agent) => Remembered(_sourceEffects, agent, a => _rules.Effects(Sources[a].Handoff));

    private IReadOnlyList<DestinationEffect> EffectsOfDestination(int agent) => Remembered(_destinationEffects, agent, a => _rules.Effects(Destinations[a].Handoff));

    private IReadOnlyList<VmEffect> EffectsOfEntity(int entity) => Remembered(_entityEffects, entity, e => _rules.Effects(Entities[e]));

    private int StateOfEntity(int entity)
    {
        while (_entityStates.Count <= entity)
        {
            _entityStates.Add(item: null);
        }

        return _entityStates[entity] ??= Journals.Of(Entities[entity].State);
    }

    private (QemuStep Step, int Next)[] StepsOf(int pair) => Remembered(_steps, pair, p => Qemu.Steps(Pairs[p]).Select(s => (s, Pairs.Of(s.Next))).ToArray());

    private int[] OutcomesOf(int pair, Side side, QemuCommand command)
    {
        if (!_outcomes.TryGetValue((pair, side, command), out int[]? next))
        {
            next = Qemu.Execute(Pairs[pair], side, command).Choices.Select(Pairs.Of).ToArray();
            _outcomes.Add((pair, side, command), next);
        }

        return next;
    }

    private int Told(int agent, SourceInput input)
    {
        if (!_toldSource.TryGetValue((agent, input), out int next))
        {
            SourceAgent told = Sources[agent];
            SourceHandoff state = _rules.Decide(told.Handoff, input).Events.Aggregate(told.Handoff, _rules.Apply);
            next = Sources.Of(told with { Handoff = state });
            _toldSource.Add((agent, input), next);
        }

        return next;
    }

    private (int Next, DestinationReply Reply) Told(int agent, DestinationInput input)
    {
        if (!_toldDestination.TryGetValue((agent, input), out (int, DestinationReply) next))
        {
            DestinationAgent told = Destinations[agent];
            Decision<DestinationReply, DestinationEvent> decision = _rules.Decide(told.Handoff, input);
            DestinationHandoff state = decision.Events.Aggregate(told.Handoff, _rules.Apply);
            next = (Destinations.Of(told with { Handoff = state }), decision.Reply);
            _toldDestination.Add((agent, input), next);
        }

        return next;
    }

    private int HeardSource(int entity, int agent, bool mayRecord)
    {
        if (!_heardSource.TryGetValue((entity, agent, mayRecord), out int next))
        {
            next = After(entity, ReportOf(Sources[agent]), mayRecord);
            _heardSource.Add((entity, agent, mayRecord), next);
        }

        return next;
    }

    private int HeardDestination(int entity, int agent, bool mayRecord)
    {
        if (!_heardDestination.TryGetValue((entity, agent, mayRecord), out int next))
        {
            next = After(entity, ReportOf(Destinations[agent]), mayRecord);
            _heardDestination.Add((entity, agent, mayRecord), next);
        }

        return next;
    }

    private int After(int entity, HostReport report, bool mayRecord)
    {
        VmEntity heard = Heard(Entities[entity], report);
        return Entities.Of(_options.EagerRecording && mayRecord ? Recorded(heard) : heard);
    }

    private int RaisedSource(int agent, Command command)
    {
        if (!_raisedSource.TryGetValue((agent, command), out int next))
        {
            next = Sources.Of(Sources[agent] with { Floor = new CommandFloor(command.Epoch, command.Incarnation) });
            _raisedSource.Add((agent, command), next);
        }

        return next;
    }

    private int RaisedDestination(int agent, Command command)
    {
        if (!_raisedDestination.TryGetValue((agent, command), out int next))
        {
            next = Destinations.Of(Destinations[agent] with { Floor = new CommandFloor(command.Epoch, command.Incarnation) });
            _raisedDestination.Add((agent, command), next);
        }

        return next;
    }

    private static T Remembered<T>(List<T?> answers, int number, Func<int, T> compute)
        where T : class
    {
        while (answers.Count <= number)
        {
            answers.Add(null);
        }

        return answers[number] ??= compute(number);
    }
}
