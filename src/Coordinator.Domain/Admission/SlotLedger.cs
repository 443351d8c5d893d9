using System.Globalization;

namespace Coordinator.Domain.Admission;

/// <summary>What is taken, while slots are given out.</summary>
internal sealed class SlotLedger(Func<HostName, HostLimits> limitsOf, FleetLimits fleet)
{
    /// <summary>Names in a sentence; more do not help who reads it.</summary>
    private const int MaxNamed = 3;

    private readonly Dictionary<HostName, HostAccount> _hosts = [];
    private readonly HostAccount _fleet = new(new HostLimits(int.MaxValue, int.MaxValue, fleet.BandwidthBytesPerSec));
    private int _active;

    internal int Outgoing(HostName host) => Of(host).Outgoing.Count;

    internal void Take(SlotWish wish)
    {
        _active++;
        Of(wish.Source).Outgoing.Add(wish.Vm);
        Of(wish.Destination).Incoming.Add(wish.Vm);
        foreach (HostAccount link in Links(wish))
        {
            link.BandwidthBytesPerSec += link.Need(wish);
        }
    }

    internal SlotShortage? ShortageOf(SlotWish wish)
    {
        HostAccount source = Of(wish.Source);
        HostAccount destination = Of(wish.Destination);
        return source.Outgoing.Count >= source.Limits.Outgoing ? SlotShortage.Outgoing
            : destination.Incoming.Count >= destination.Limits.Incoming ? SlotShortage.Incoming
            : !source.Fits(wish) ? SlotShortage.SourceBandwidth
            : !destination.Fits(wish) ? SlotShortage.DestinationBandwidth
            : _active >= fleet.Active ? SlotShortage.FleetActive
            : !_fleet.Fits(wish) ? SlotShortage.FleetBandwidth
            : null;
    }

    /// <summary>What becomes free on a link is for who waits for it longest.</summary>
    internal void Keep(SlotWish wish, SlotShortage shortage)
    {
        HostAccount? link = shortage switch
        {
            SlotShortage.SourceBandwidth => Of(wish.Source),
            SlotShortage.DestinationBandwidth => Of(wish.Destination),
            SlotShortage.FleetBandwidth => _fleet,
            _ => null,
        };
        link?.KeptFor ??= wish.Vm;
    }

    internal string Explain(SlotWish wish, SlotShortage shortage)
    {
        HostAccount source = Of(wish.Source);
        HostAccount destination = Of(wish.Destination);
        return shortage switch
        {
            SlotShortage.Outgoing => $"waits: {wish.Source} sends {Guests(source.Limits.Outgoing)} at a time (limits.outgoing) and is sending {Named(source.Outgoing)}",
            SlotShortage.Incoming => $"waits: {wish.Destination} takes {Guests(destination.Limits.Incoming)} at a time (limits.incoming) and is taking {Named(destination.Incoming)}",
            SlotShortage.SourceBandwidth => Link($"the link of {wish.Source}", source, wish),
            SlotShortage.DestinationBandwidth => Link($"the link of {wish.Destination}", destination, wish),
            SlotShortage.FleetActive => string.Create(CultureInfo.InvariantCulture, $"waits: {fleet.Active} migrations go on in the whole fleet, and no more may (coordinator.admission.max-active)"),
            _ => Link("the fleet's bandwidth (coordinator.admission.max-bandwidth)", _fleet, wish),
        };
    }

    private static string Link(string what, HostAccount account, SlotWish wish) => account.KeptFor is { } kept && kept != wish.Vm
        ? $"waits: {what} is kept for {kept}, which waits for it longer"
        : string.Create(CultureInfo.InvariantCulture,
            $"waits: {what} has {Rate(Math.Max(0, account.Limits.BandwidthBytesPerSec!.Value - account.BandwidthBytesPerSec))} of {Rate(account.Limits.BandwidthBytesPerSec.Value)} left, and its policy may take {Rate(account.Need(wish))}");

    private static string Guests(int count) => count == 1 ? "1 guest" : string.Create(CultureInfo.InvariantCulture, $"{count} guests");

    private static string Rate(long bytesPerSec) => string.Create(CultureInfo.InvariantCulture, $"{bytesPerSec / (double)(1 << 20):0.#} MiB/s");

    private static string Named(List<VmName> vms) => vms.Count <= MaxNamed
        ? string.Join(", ", vms)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", vms.Take(MaxNamed))} and {vms.Count - MaxNamed} more");

    private HostAccount[] Links(SlotWish wish) => [Of(wish.Source), Of(wish.Destination), _fleet];

    private HostAccount Of(HostName host)
    {
        if (!_hosts.TryGetValue(host, out HostAccount? account))
        {
            _hosts[host] = account = new HostAccount(limitsOf(host));
        }

        return account;
    }

    private sealed class HostAccount(HostLimits limits)
    {
        internal HostLimits Limits { get; } = limits;

        internal List<VmName> Outgoing { get; } = [];

        internal List<VmName> Incoming { get; } = [];

        internal long BandwidthBytesPerSec { get; set; }

        internal VmName? KeptFor { get; set; }

        internal long Need(SlotWish wish) => Math.Min(wish.BandwidthBytesPerSec, Limits.BandwidthBytesPerSec ?? long.MaxValue);

        internal bool Fits(SlotWish wish) => Limits.BandwidthBytesPerSec is not { } limit || (KeptFor is null && BandwidthBytesPerSec + Need(wish) <= limit);
    }
}
