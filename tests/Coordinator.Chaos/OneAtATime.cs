using Coordinator.Chaos.Laboratory;

namespace Coordinator.Chaos;

/// <summary>Every test has several processes; two at once would measure each other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime : ICollectionFixture<SharedLab>
{
    public const string Name = "one at a time";
}
