using System.Globalization;
using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Guests;
using Grpc.Core;

namespace Coordinator.Chaos.Cluster;

/// <summary>One guest that moves from host to host for as long as it is wanted, by a client that does what the answers say: repeat the same request while nobody answers, and go on where the guest is.</summary>
internal sealed class Traveller(ClusterLab lab, string name, Action<HistoryRecord> note)
{
    /// <summary>Some 2.5 s of copying at the least bandwidth that a policy may give.</summary>
    private const int MemoryMib = 1_024;

    /// <summary>A machine that is away for long is waited for; then the attempt is given up, and said to be.</summary>
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(150);

    private readonly List<(string RequestId, string Destination, string MigrationId)> _accepted = [];
    private readonly List<string> _outcomes = [];

    public string Name => name;

    public CountingGuest Guest { get; } = new(name, lab.Folder);

    public string Host { get; private set; } = "";

    public int Moves => _accepted.Count;

    /// <summary>Moves that have succeeded.</summary>
    public int Arrivals { get; private set; }

    /// <summary>How each move ended, those that did not succeed with their reason; and what was refused.</summary>
    public IReadOnlyList<string> Outcomes => _outcomes;

    public async Task StartAsync(string host)
    {
        await lab.Api.StartVmAsync(host, Guest.Definition(MemoryMib));
        Host = host;
        await Guest.CountsOnAsync(3);
    }

    public async Task MoveUntilAsync(CancellationToken enough)
    {
        for (int number = 0; !enough.IsCancellationRequested; number++)
        {
            await MoveAsync(string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"));
        }
    }

    /// <summary>The same requests once more: who was told of a migration is told of the same one.</summary>
    public async Task<IReadOnlyList<string>> RepeatAsync()
    {
        List<string> wrong = [];
        foreach ((string requestId, string destination, string migrationId) in _accepted)
        {
            Migration again = await lab.Api.MigrateAsync(name, destination, Policy(), requestId);
            if (again.Id != migrationId)
            {
                wrong.Add($"request {requestId} was migration {migrationId} and is now {again.Id}");
            }

            Migration told = await lab.Api.MigrationAsync(name, migrationId);
            SeenByClient.Note(note, name, told);
            if (!told.Terminal && told.Phase != "InDoubt")
            {
                wrong.Add($"migration {migrationId} of {name} is {told.Phase} after all faults: {told.Reason}");
            }
        }

        return wrong;
    }

    private static MigrationPolicy Policy() => SlowGuest.Policy(switchoverDeadlineMs: ClusterRound.SwitchoverDeadlineMs);

    private async Task MoveAsync(string requestId)
    {
        string to = Next(Host);
        Migration accepted;
        try
        {
            accepted = await lab.Api.MigrateAsync(name, to, Policy(), requestId);
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.FailedPrecondition or StatusCode.ResourceExhausted)
        {
            _outcomes.Add($"refused: {refused.Status.Detail}");
            await Eventually.Lasts(TimeSpan.FromMilliseconds(500));
            return;
        }

        note(new RequestAcknowledged(HistoryClock.NowMicros(), new VmName(name), new RequestId(requestId), Guid.Parse(accepted.Id)));
        _accepted.Add((requestId, to, accepted.Id));
        Migration? seen = null;
        await Eventually.Becomes(
            async () => (seen = await lab.Api.MigrationAsync(name, accepted.Id)).Terminal ? seen : null,
            s_endLimit, $"the migration of {name} to {to} to end", () => $"{Coordinator.Lab.Deployments.Story.Of(seen)}");
        SeenByClient.Note(note, name, seen);
        _outcomes.Add(seen!.Phase == "Succeeded" ? $"{seen.Phase} {seen.Verdict}" : $"{seen.Phase}: {seen.Reason}");
        if (seen.Phase == "Succeeded")
        {
            Host = to;
            Arrivals++;
        }
    }

    private string Next(string host)
    {
        List<string> hosts = [.. lab.Hosts.Select(member => member.Name)];
        return hosts[(hosts.IndexOf(host) + 1) % hosts.Count];
    }
}
