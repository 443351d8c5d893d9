using Coordinator.Domain;

namespace Coordinator.Actors.HostFencing;

/// <summary>What the operator's hook made of a host. <paramref name="Said"/> is its own words, kept as the proof.</summary>
public sealed record FencingAnswer(bool IsOff, string Said);

/// <summary>
/// The operator's way to prove a host off: it powers the host off and answers only when no process on it can run any more. Its word is taken like a person's, and journalled.
/// </summary>
public interface IFencingHook
{
    /// <summary>Ask it by itself as soon as a migration is in doubt because of a host that does not answer.</summary>
    bool IsAutomatic { get; }

    /// <summary>Never throws for what the hook does: that is an answer with <see cref="FencingAnswer.IsOff"/> false.</summary>
    Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop);
}

/// <summary>None is configured.</summary>
public sealed class NoFencingHook : IFencingHook
{
    public static readonly NoFencingHook Instance = new();

    public bool IsAutomatic => false;

    public Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop) => Task.FromResult(new FencingAnswer(
        IsOff: false, "no fencing hook is configured (coordinator.fencing); say yourself how you know that the host is off, with --proof"));
}
