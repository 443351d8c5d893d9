namespace Coordinator.Lab.Deployments;

/// <summary>What a test puts between the parts of a deployment, and into the environment of each.</summary>
public sealed record Wiring
{
    public static readonly Wiring Plain = new();

    /// <summary>Agents dial <see cref="Deployment.CoordinatorRelayAddress"/> of their own host.</summary>
    public bool CoordinatorsRelayed { get; init; }

    /// <summary>Source agents dial <see cref="Deployment.HandoffRelayAddress"/> of the destination.</summary>
    public bool HandoffRelayed { get; init; }

    /// <summary>Called when the network and the configuration are there and nobody has been started: the moment to listen where the parts will dial.</summary>
    public Func<Deployment, Task> OnNetwork { get; init; } = _ => Task.CompletedTask;

    /// <summary>Called when the parts have ended and before the folder is deleted, also when not all of them came up: what <see cref="OnNetwork"/> mounted or opened is taken down.</summary>
    public Func<Task> OnEnd { get; init; } = () => Task.CompletedTask;

    /// <summary>What agents are started by, as their unit would: a command that takes rights away and then becomes the agent. Empty for nothing.</summary>
    public IReadOnlyList<string> AgentsStartedBy { get; init; } = [];

    /// <summary>By the part's name: <c>coordinator-0</c>, <c>agent-alpha</c>.</summary>
    public Func<string, IReadOnlyDictionary<string, string>> Environment { get; init; } = _ => new Dictionary<string, string>(StringComparer.Ordinal);
}
