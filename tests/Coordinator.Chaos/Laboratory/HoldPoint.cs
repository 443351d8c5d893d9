using Coordinator.Failpoints;
using Coordinator.Lab;

namespace Coordinator.Chaos.Laboratory;

/// <summary>A failpoint of one part that is to stand still at it, for one VM.</summary>
internal sealed class HoldPoint : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly string _action;
    private readonly string _vm;

    public HoldPoint(string folder, string name, string vm)
    {
        if (!FailpointCatalogue.All.ContainsKey(name))
        {
            throw new ArgumentException($"there is no failpoint {name}", nameof(name));
        }

        _action = Path.Combine(folder, name);
        _vm = vm;
        File.WriteAllText(_action, $"hold vm={vm}");
    }

    /// <summary>One that was killed while it stood there leaves its mark behind.</summary>
    public bool IsReached => File.Exists(_action + ".held") && File.ReadAllText(_action + ".held").TrimEnd().EndsWith($" {_vm}", StringComparison.Ordinal);

    public Task ReachedAsync(Func<string> seen) => Eventually.BecomesTrue(() => IsReached, s_limit, $"the hold at {Path.GetFileName(_action)}", seen);

    /// <summary>Whoever stands there goes on, and nobody stands there again.</summary>
    public void Dispose()
    {
        File.Delete(_action);
    }
}
