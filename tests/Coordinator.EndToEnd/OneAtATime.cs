namespace Coordinator.EndToEnd;

/// <summary>Every test has several processes and often a guest under load; two at once would measure each other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "one at a time";
}
