namespace Coordinator.Domain.Virtqueues;

/// <summary>Puts the devices of both sides side by side, by path, without ever failing on what it is given.</summary>
internal static class DevicePairs
{
    /// <summary>Every path once, in the source's order, then those that only the destination has. A path listed twice is reported and its first entry taken.</summary>
    internal static IReadOnlyList<(string Path, DeviceObservation? Source, DeviceObservation? Destination)> Of(
        IReadOnlyList<DeviceObservation?>? source,
        IReadOnlyList<DeviceObservation?>? destination,
        List<DeviceFinding> findings)
    {
        Dictionary<string, DeviceObservation> left = ByPath(source, "source", findings);
        Dictionary<string, DeviceObservation> right = ByPath(destination, "destination", findings);
        return left.Keys.Concat(right.Keys.Where(path => !left.ContainsKey(path)))
            .Select(path => (path, left.GetValueOrDefault(path), right.GetValueOrDefault(path)))
            .ToList();
    }

    /// <summary>A sentence when the device is missing on a side, else null.</summary>
    internal static string? MissingSide(DeviceObservation? source, DeviceObservation? destination)
    {
        if (destination is null)
        {
            return $"{source?.Label}: the destination does not have this device ('{source?.DeviceName}')";
        }

        return source is null ? $"{destination.Label}: only the destination has this device ('{destination.DeviceName}')" : null;
    }

    private static Dictionary<string, DeviceObservation> ByPath(IReadOnlyList<DeviceObservation?>? devices, string side, List<DeviceFinding> findings)
    {
        Dictionary<string, DeviceObservation> byPath = new(StringComparer.Ordinal);
        if (devices is null)
        {
            findings.Add(new DeviceFinding("", $"the {side}'s devices were not read"));
            return byPath;
        }

        foreach (DeviceObservation? device in devices)
        {
            if (device?.DevicePath is not { Length: > 0 } path)
            {
                findings.Add(new DeviceFinding("", $"the {side} lists a device without a path"));
            }
            else if (!byPath.TryAdd(path, device))
            {
                findings.Add(new DeviceFinding(path, $"{device.Label}: the {side} lists this device twice"));
            }
        }

        return byPath;
    }
}
