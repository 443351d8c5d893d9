using System.Runtime.Serialization;
using Coordinator.Domain;
using Coordinator.Journal;

namespace Coordinator.ReadModel;

/// <param name="RefreshInterval">Between two looks at a journal that has nothing new.</param>
/// <param name="GapPatience">How long a missing number is waited for.</param>
/// <param name="BatchSize">Events of one transaction.</param>
/// <param name="Histories">Folded histories that are kept in memory.</param>
public sealed record ProjectionSettings(TimeSpan RefreshInterval, TimeSpan GapPatience, int BatchSize, int Histories);

/// <summary>What a projection says of itself.</summary>
public interface IProjectionWitness
{
    void GapsWaited(long count);

    /// <summary>How long the tables have been behind the journal; zero while they are not.</summary>
    void Lag(TimeSpan behind);

    /// <summary>One history that a person must look at does not hold up the others.</summary>
    void Unreadable(VmName vm, Exception cause);

    void BegunAnew(string why);
}

/// <summary>
/// Folds the journal into the tables until it is stopped; whoever runs two of them at once loses nothing but time. It reads the journal's numbers by itself instead of EventsByTag: that stream ends at the
/// first event that it cannot read, cannot say which gaps it waits for, and forgets a commit that came after its patience. What an event says is read with its VM's history, by Akka.Persistence.Query.
/// </summary>
public sealed class Projection(JournalDatabase database, HistoryReader histories, IVmFolds folds, ProjectionSettings settings, IProjectionWitness witness, TimeProvider time)
{
    // Events looked at for gaps beyond a batch: all their gaps are waited for at the same time.
    private const int LookAhead = 1_000;

    // Commits that were under way while another node projected.
    private const int LookBack = 5_000;

    private const int Readers = 4;
    private static readonly TimeSpan RememberGaps = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAtLeftGapsEvery = TimeSpan.FromSeconds(2);

    private readonly JournalFeed feed = new(database);
    private readonly ReadModelTables tables = new(database);
    private readonly FoldCache cache = new(settings.Histories);
    private readonly GapWatch gaps = new(settings.GapPatience, RememberGaps);
    private readonly long started = time.GetTimestamp();
    private long waitsTold;
    private TimeSpan caughtUpAt;
    private TimeSpan leftGapsLookedAt;

    private TimeSpan Now => time.GetElapsedTime(started);

    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public async Task Run(CancellationToken stop)
    {
        var place = Begin();
        tables.TryAdvance(place, place.Ordering, await Fold(tables.Behind(place.Ordering, LookBack), stop).ConfigureAwait(false));
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var found = feed.After(place.Ordering, Math.Max(settings.BatchSize, LookAhead));
            var ready = gaps.Ready(place.Ordering, found, settings.BatchSize, Now);
            Tell(isBehind: found.Count > 0);
            IReadOnlyList<JournalPlace> late = LateOnes();
            if (ready.Count == 0 && late.Count == 0)
            {
                await Task.Delay(settings.RefreshInterval, time, stop).ConfigureAwait(false);
                place = Refreshed(place);
                continue;
            }

            var rows = await Fold([.. ready.Concat(late).Select(change => change.PersistenceId).Distinct(StringComparer.Ordinal)], stop).ConfigureAwait(false);
            var next = ready.Count > 0 ? ready[^1].Ordering : place.Ordering;
            if (tables.TryAdvance(place, next, rows))
            {
                gaps.Came(late);
                place = place with { Ordering = next };
            }
            else
            {
                // What was taken from the folds is lost with the transaction.
                cache.Clear();
                place = Begin();
            }
        }
    }

    private ProjectionPlace Begin()
    {
        var place = tables.Place();
        if (place.FoldVersion == folds.Version)
        {
            return place;
        }

        if (place is not { FoldVersion: 0, Rebuilds: 0 })
        {
            witness.BegunAnew($"rows were made with folds of version {place.FoldVersion}, this coordinator has {folds.Version}");
        }

        tables.BeginAnew(folds.Version, removeRows: false);
        return tables.Place();
    }

    /// <summary>Somebody may have begun anew while there was nothing to do.</summary>
    private ProjectionPlace Refreshed(ProjectionPlace place)
    {
        var now = tables.Place();
        if (now == place)
        {
            return place;
        }

        cache.Clear();
        witness.BegunAnew("the tables were begun anew, or another node has projected");
        return Begin();
    }

    private IReadOnlyList<JournalPlace> LateOnes()
    {
        gaps.Forget(Now);
        if (gaps.Left.Count == 0 || Now - leftGapsLookedAt < LookAtLeftGapsEvery)
        {
            return [];
        }

        leftGapsLookedAt = Now;
        return feed.At(gaps.Left);
    }

    private void Tell(bool isBehind)
    {
        if (!isBehind)
        {
            caughtUpAt = Now;
        }

        witness.Lag(isBehind ? Now - caughtUpAt : TimeSpan.Zero);
        if (gaps.Waits > waitsTold)
        {
            witness.GapsWaited(gaps.Waits - waitsTold);
            waitsTold = gaps.Waits;
        }
    }

    /// <summary>Each VM's rows as of its newest event, which may be beyond the places that were asked for: such a row is ahead of its time, never behind.</summary>
    private async Task<IReadOnlyCollection<VmRows>> Fold(IReadOnlyList<string> persistenceIds, CancellationToken stop)
    {
        List<(VmName Vm, IVmFold Fold)> taken = [];
        foreach (var vm in persistenceIds.Select(VmPersistence.VmOf).OfType<VmName>())
        {
            taken.Add((vm, cache.TryTake(vm, out var known) ? known : folds.Begin(vm)));
        }

        var rows = new VmRows?[taken.Count];
        await Parallel.ForAsync(0, taken.Count, new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = stop }, async (index, _) =>
        {
            var (vm, fold) = taken[index];
            try
            {
                await histories.Read(vm, fold.Sequence + 1, fold.Apply).ConfigureAwait(false);
                rows[index] = fold.Sequence > 0 ? fold.TakeRows() : null;
            }
            catch (Exception cause) when (cause is SerializationException or InvalidOperationException or ArgumentException or InvalidValueException)
            {
                witness.Unreadable(vm, cause);
            }
        }).ConfigureAwait(false);
        foreach (var (index, (vm, fold)) in taken.Index())
        {
            if (rows[index] is not null)
            {
                cache.Put(vm, fold);
            }
        }

        return [.. rows.OfType<VmRows>()];
    }
}
