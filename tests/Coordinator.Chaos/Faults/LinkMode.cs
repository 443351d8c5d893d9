namespace Coordinator.Chaos.Faults;

/// <summary>What a link does to the bytes that come.</summary>
internal enum LinkMode
{
    Pass,

    /// <summary>Every connection is reset, and new ones are closed at once.</summary>
    Cut,

    /// <summary>Connections stay open and nothing moves; what came meanwhile goes on afterwards. New ones are accepted and stand still too.</summary>
    Frozen,

    /// <summary>Only what the dialling side sends goes on; what comes back stands still.</summary>
    OneWay,

    /// <summary>Everything goes on, a second later.</summary>
    Delayed,

    /// <summary>Read, acknowledged and thrown away: no sender can notice. Afterwards the connection is closed, since its bytes make no sense any more.</summary>
    Swallowing,
}
