using Coordinator.History;

namespace Coordinator.Lab.Observers;

/// <summary>
/// All that is written about one run: by agents (their environment has <see cref="Environment"/>), by the observers of their QEMUs, and by the test itself, which knows what it
/// broke and what it was told. Judged from <see cref="Directory"/> after disposal.
/// </summary>
public sealed class Recording : IAsyncDisposable
{
    private readonly string _folder;
    private readonly List<QemuObserver> _observers = [];

    private Recording(string folder)
    {
        _folder = folder;
        Directory = Path.Combine(folder, "history");
        Own = HistoryWriter.Create(Directory, "test", host: null, HistoryClock.NowMicros);
    }

    /// <summary>Where every writer has its files.</summary>
    public string Directory { get; }

    /// <summary>For the test: faults that it made, requests that were acknowledged, results that it saw.</summary>
    public HistoryWriter Own { get; }

    /// <summary>For the agents.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal) { ["COORDINATOR_HISTORY"] = Directory };

    /// <param name="folder">Exists, is short, and is removed by the caller.</param>
    public static Recording Start(string folder) => new(folder);

    /// <summary>From here on every QEMU that this host's agent launches with the returned binary is observed.</summary>
    /// <param name="host">The agent's host id.</param>
    /// <param name="qemu">The real binary.</param>
    public string Observe(string host, string qemu)
    {
        string sockets = Path.Combine(_folder, "o-" + host);
        string program = ObservedQemu.Install(qemu, sockets);
        _observers.Add(QemuObserver.Start(host, sockets, Own));
        return program;
    }

    /// <summary>Every QEMU of this VM so far, as itself and the kernel show it.</summary>
    public IReadOnlyList<SeenQemu> Of(string vm) => [.. _observers.SelectMany(observer => observer.Of(vm))];

    /// <summary>Of all its QEMUs, by their beginnings.</summary>
    public IReadOnlyList<GuestRun> Runs(string vm) => [.. Of(vm).SelectMany(qemu => qemu.Runs).OrderBy(run => run.From)];

    public async ValueTask DisposeAsync()
    {
        foreach (QemuObserver observer in _observers)
        {
            await observer.DisposeAsync();
        }

        await Own.DisposeAsync();
    }
}
