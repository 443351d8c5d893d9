namespace Coordinator.Domain.Virtqueues;

/// <summary>Short names for QOM paths, for sentences and tables that people read.</summary>
public static class DeviceLabel
{
    private static readonly string[] s_containers = ["/machine/peripheral/", "/machine/peripheral-anon/"];

    /// <summary>
    /// <c>/machine/peripheral/net0/virtio-backend</c> gives <c>net0</c>, a device without an id gives <c>device[3]</c>, any other path stays as it is.
    /// </summary>
    public static string Of(string? devicePath)
    {
        if (string.IsNullOrEmpty(devicePath))
        {
            return "(device without a path)";
        }

        foreach (string container in s_containers)
        {
            if (devicePath.StartsWith(container, StringComparison.Ordinal) && devicePath.Length > container.Length)
            {
                string rest = devicePath[container.Length..];
                int end = rest.IndexOf('/', StringComparison.Ordinal);
                return end > 0 ? rest[..end] : rest;
            }
        }

        return devicePath;
    }
}
