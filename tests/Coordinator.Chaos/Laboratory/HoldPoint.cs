using Coordinator.Failpoints;
using Coordinator.Lab;

namespace Coordinator.Chaos.Laboratory;

/// <summary>A failpoint of one part that is to stand still at it, for one VM.</summary>
internal sealed class HoldPoint : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly string _action;

    public HoldPoint(string folder, string name, string vm)
    {
        if (!FailpointCatalogue.All.ContainsKey(name))
        {
            throw new ArgumentException($"there is no failpoint {name}", nameof(name));
        }

        _action = Path.Combine(folder, name);
        File.WriteAllText(_action, $"hold vm={vm}");
    }

    public bool IsReached => File.Exists(_action + ".held");

    public Task ReachedAsync(Func<string> seen) => Eventually.BecomesTrue(() => IsReached, s_limit, $"the hold at {Path.GetFileName(_action)}", seen);

    /// <summary>Whoever stands there goes on, and nobody stands there again.</summary>
    public void Dispose()
    {
        File.Delete(_action);
    }
}
