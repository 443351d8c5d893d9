using Coordinator.AgentProtocol;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Failpoints;

namespace Coordinator.Chaos.Failpoints;

/// <summary>Nothing durable, no command, no effect and no message may be added without a failpoint of its own.</summary>
public sealed class CatalogueTests
{
    public static TheoryData<string, string> Kinds
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach ((string family, string kind) in Names)
            {
                rows.Add(family, kind);
            }

            return rows;
        }
    }

    private static IReadOnlyList<(string Family, string Kind)> Names =>
    [
        .. Nested<SourceEvent>().Where(kind => IsDurable<SourceEvent>(kind)).Select(kind => ("agent.source.persist", kind.Name)),
        .. Nested<DestinationEvent>().Where(kind => IsDurable<DestinationEvent>(kind)).Select(kind => ("agent.destination.persist", kind.Name)),
        .. Nested<SourceEffect>().Select(kind => ("agent.source.effect", kind.Name)),
        .. Nested<DestinationEffect>().Select(kind => ("agent.destination.effect", kind.Name)),
        .. Nested<SourceMessage>().Select(kind => ("agent.handoff", kind.Name)),
        .. Enum.GetNames<RegisterAnswer>().Select(answer => ("agent.answer", answer)),
        .. Enum.GetNames<Step.CommandOneofCase>().Where(command => command != nameof(Step.CommandOneofCase.None)).Select(command => ("agent.step", command)),
        .. Nested<VmEvent>().Select(kind => ("coordinator.persist", kind.Name)),
        .. Nested<VmEffect>().Where(kind => !s_insideTheNode.Contains(kind)).Select(kind => ("coordinator.step", kind.Name)),
    ];

    private static readonly Type[] s_insideTheNode = [typeof(VmEffect.JudgeQueues), typeof(VmEffect.ArmDeadline), typeof(VmEffect.RaiseAlert)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Kind_OfTheDomain_HasItsTwoFailpoints(string family, string kind)
    {
        string place = FailpointCatalogue.Place(family, kind);

        Assert.Contains(FailpointCatalogue.Before(place), FailpointCatalogue.All.Keys);
        Assert.Contains(FailpointCatalogue.After(place), FailpointCatalogue.All.Keys);
    }

    /// <summary>The other way round: a kind that was taken away must not leave a name at which nothing is ever hit.</summary>
    [Fact]
    public void Catalogue_BesidesTheDomainsKinds_HasOnlyTheRegisterTheFloorAndOrdinaryGuests()
    {
        HashSet<string> derived = [.. Names.Select(name => FailpointCatalogue.Place(name.Family, name.Kind))];

        string[] others = [.. FailpointCatalogue.All.Keys.Select(name => name[..name.LastIndexOf('.')]).Distinct().Where(place => !derived.Contains(place))];

        Assert.Equal(
            [
                "agent.register.open", "agent.register.set-run", "agent.register.set-refused", "agent.register.withdraw", "agent.floor.raise",
                "agent.guest.launch", "agent.guest.continue-fresh", "agent.guest.end-ordered",
            ],
            others);
    }

    private static IEnumerable<Type> Nested<T>() => typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T)) && !type.IsAbstract);

    /// <summary>Whether an event is durable is an argument of its base's constructor; any instance tells.</summary>
    private static bool IsDurable<T>(Type kind)
    {
        var constructor = kind.GetConstructors()[0];
        object made = constructor.Invoke([.. constructor.GetParameters().Select(parameter => parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)]);
        return (bool)typeof(T).GetProperty("Durable")!.GetValue(made)!;
    }
}
