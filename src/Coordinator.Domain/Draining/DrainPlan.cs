using System.Globalization;

namespace Coordinator.Domain.Draining;

/// <summary>A migration to ask for now.</summary>
public sealed record DrainMove(DrainGuest Guest, HostName Destination);

/// <summary>A guest that is not moved now, and why.</summary>
/// <param name="Guest">Which.</param>
/// <param name="Sentence">Why.</param>
/// <param name="NeedsAPerson">Nothing that this job waits for will help.</param>
public sealed record DrainWait(DrainGuest Guest, string Sentence, bool NeedsAPerson);

/// <summary>What a drain does next.</summary>
/// <param name="Moves">To be asked for now.</param>
/// <param name="Waits">Everybody else who is still on the host.</param>
/// <param name="UnderWay">Migrations off the host that go on.</param>
/// <param name="Stopped">So many could not be moved that the job begins nothing more.</param>
public sealed record DrainPlan(IReadOnlyList<DrainMove> Moves, IReadOnlyList<DrainWait> Waits, int UnderWay, bool Stopped)
{
    /// <summary>Nobody is there any more.</summary>
    public bool IsEmpty => Moves.Count == 0 && Waits.Count == 0 && UnderWay == 0;

    /// <summary>Nothing goes on and nothing will, without a person.</summary>
    public bool IsOver => UnderWay == 0 && Moves.Count == 0 && (Stopped || Waits.All(w => w.NeedsAPerson));

    /// <summary>
    /// Pure: the same facts give the same plan, so that a job may be taken up by any node at any moment. First the guests that are hardest to place (with anti-affinity, then the largest), each where most
    /// memory is left; where it failed before only when no other host will do.
    /// </summary>
    /// <param name="job">The wish.</param>
    /// <param name="source">The host to be emptied, with its guests.</param>
    /// <param name="others">All other hosts that are known.</param>
    public static DrainPlan Of(DrainJob job, DrainHost source, IReadOnlyList<DrainHost> others)
    {
        ArgumentNullException.ThrowIfNull(job);
        Dictionary<HostName, DrainHost> hosts = others.ToDictionary(h => h.Host);
        int underWay = source.Residents.Count(g => g.GoesTo is not null);
        int ours = source.Residents.Count(g => g is { GoesTo: not null, IsOurs: true });
        bool stopped = job.StopOnFailures > 0 && source.Residents.Count(g => g.IsGivenUp) >= job.StopOnFailures;
        List<DrainMove> moves = [];
        List<DrainWait> waits = [];
        foreach (DrainGuest guest in source.Residents.Where(g => g.GoesTo is null)
            .OrderByDescending(g => g.AntiAffinity.Count > 0).ThenByDescending(g => g.MemoryMiB).ThenBy(g => g.Vm.Value, StringComparer.Ordinal))
        {
            if (WhyNotNow(job, guest, ours + moves.Count, stopped) is { } wait)
            {
                waits.Add(wait);
                continue;
            }

            if (Best(guest, source, hosts.Values) is { } host)
            {
                moves.Add(new DrainMove(guest, host.Host));
                hosts[host.Host] = host with { MemoryFreeMiB = host.MemoryFreeMiB - guest.MemoryMiB, Residents = host.Residents.Add(guest with { GoesTo = host.Host }) };
            }
            else
            {
                // Another host may come, memory may become free: it is looked at again and again, and said.
                waits.Add(new DrainWait(guest, WhyNowhere(guest, source, hosts.Values), NeedsAPerson: false));
            }
        }

        return new DrainPlan(moves, waits, underWay, stopped);
    }

    private static DrainWait? WhyNotNow(DrainJob job, DrainGuest guest, int ours, bool stopped)
    {
        if (guest.IsGivenUp)
        {
            return new DrainWait(guest, string.Create(CultureInfo.InvariantCulture, $"could not be moved in {guest.Failures} tries; it runs on, and a person has to look"), NeedsAPerson: true);
        }

        string sentence = guest.Obstacle.Length > 0 ? guest.Obstacle
            : stopped ? string.Create(CultureInfo.InvariantCulture, $"the drain has stopped after {job.StopOnFailures} failed {(job.StopOnFailures == 1 ? "guest" : "guests")}")
            : guest.BacksOff ? "waits before its next try"
            : ours >= job.MaxParallel ? string.Create(CultureInfo.InvariantCulture, $"waits: {job.MaxParallel} of this drain go at a time")
            : "";
        return sentence.Length == 0 ? null : new DrainWait(guest, sentence, NeedsAPerson: false);
    }

    private static DrainHost? Best(DrainGuest guest, DrainHost source, IEnumerable<DrainHost> hosts) =>
        hosts.Where(h => WhyNot(guest, source, h) is null)
            .OrderBy(h => h.Host == guest.FailedAt)
            .ThenByDescending(h => h.MemoryFreeMiB)
            .ThenBy(h => h.Host.Value, StringComparer.Ordinal)
            .FirstOrDefault();

    private static string WhyNowhere(DrainGuest guest, DrainHost source, IEnumerable<DrainHost> hosts)
    {
        string reasons = string.Join("; ", hosts.OrderBy(h => h.Host.Value, StringComparer.Ordinal).Select(h => $"{h.Host} {WhyNot(guest, source, h)}"));
        return reasons.Length == 0 ? "no other host is known" : $"no host can take it: {reasons}";
    }

    private static string? WhyNot(DrainGuest guest, DrainHost source, DrainHost host)
    {
        if (host.Host == source.Host)
        {
            return "is the host itself";
        }

        if (!host.IsConnected)
        {
            return "is not connected";
        }

        if (host.CordonedBecause is { } reason)
        {
            return $"is cordoned ({reason})";
        }

        if (host.Driver != source.Driver)
        {
            return $"has the driver {host.Driver} and not {source.Driver}";
        }

        if (guest.MemoryMiB > host.MemoryFreeMiB)
        {
            return string.Create(CultureInfo.InvariantCulture, $"has {host.MemoryFreeMiB} MiB free and it needs {guest.MemoryMiB}");
        }

        return host.Residents.Select(resident => Clash(guest, resident)).FirstOrDefault(clash => clash is not null);
    }

    /// <summary>Either may forbid the other.</summary>
    private static string? Clash(DrainGuest guest, DrainGuest resident)
    {
        foreach (string key in guest.AntiAffinity.Concat(resident.AntiAffinity).Distinct(StringComparer.Ordinal))
        {
            foreach (VmLabel label in guest.Labels.Where(l => l.Key == key && resident.Labels.Contains(l)))
            {
                return $"has {resident.Vm}, which is {label} too";
            }
        }

        return null;
    }
}
