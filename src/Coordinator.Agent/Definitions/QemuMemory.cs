using System.Globalization;
using System.Text.Json;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// Reads a guest's memory size from its arguments: the greater of <c>-m</c> and the sum of the memory backends, else QEMU's default. Both are read
/// because with <c>-machine memory-backend=</c> or <c>-numa memdev=</c> the backends are the memory of <c>-m</c>, while <c>-m</c> may be absent.
/// </summary>
internal static class QemuMemory
{
    /// <summary>default_ram_size of hw/core/machine.c for x86, 7.2 and 10.0.</summary>
    private const long DefaultBytes = 128L << 20;

    private const long MiBBytes = 1L << 20;

    private static readonly string[] Backends = ["memory-backend-ram", "memory-backend-file", "memory-backend-memfd", "memory-backend-shm"];

    /// <param name="arguments">Expanded arguments.</param>
    /// <param name="explicitMiB">'memoryMiB' of the definition; wins when given.</param>
    public static MemoryNeed Read(IReadOnlyList<string> arguments, int? explicitMiB)
    {
        long? main = null;
        long backends = 0;
        var hugePages = false;
        var paths = new List<string>();
        for (var i = 0; i + 1 < arguments.Count; i++)
        {
            switch (ReservedOptions.OptionName(arguments[i]))
            {
                case "m":
                    main = MainSize(arguments[i + 1]) ?? main;
                    break;
                case "object":
                    var properties = Properties(arguments[i + 1]);
                    if (!Backends.Contains(properties.GetValueOrDefault("qom-type"), StringComparer.Ordinal))
                    {
                        break;
                    }

                    backends += Size(properties.GetValueOrDefault("size"), defaultUnit: 1) ?? 0;
                    hugePages |= properties.GetValueOrDefault("hugetlb") is "on" or "true" or "yes";
                    if (properties.TryGetValue("mem-path", out var path))
                    {
                        paths.Add(path);
                    }

                    break;
                case "mem-path":
                    paths.Add(arguments[i + 1]);
                    break;
                default:
                    break;
            }
        }

        var bytes = Math.Max(main ?? (backends > 0 ? 0 : DefaultBytes), backends);
        return new MemoryNeed(explicitMiB ?? ((bytes + MiBBytes - 1) / MiBBytes), hugePages, paths);
    }

    // -m 512 | -m 512M | -m size=2G,slots=4,maxmem=8G: plain numbers are MiB here.
    private static long? MainSize(string value)
    {
        var properties = Properties(value);
        return Size(properties.GetValueOrDefault("size") ?? properties.GetValueOrDefault("qom-type"), MiBBytes);
    }

    // "a,b=c,d=e": the first word without '=' is kept under "qom-type", as -object does. -object takes JSON too since QEMU 6.0.
    private static Dictionary<string, string> Properties(string value)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        if (value.StartsWith('{'))
        {
            ReadJson(value, properties);
            return properties;
        }

        // ",," is a literal comma inside a value.
        var parts = value.Replace(",,", "\0", StringComparison.Ordinal).Split(',');
        foreach (var (part, first) in parts.Select((part, index) => (part.Replace('\0', ','), index == 0)))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0)
            {
                properties[part[..equals]] = part[(equals + 1)..];
            }
            else if (first)
            {
                properties["qom-type"] = part;
            }
        }

        return properties;
    }

    private static void ReadJson(string value, Dictionary<string, string> properties)
    {
        try
        {
            using var json = JsonDocument.Parse(value);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                properties[property.Name] = property.Value.ToString() is "True" ? "true" : property.Value.ToString();
            }
        }
        catch (JsonException)
        {
            // QEMU itself will refuse the argument, with a better sentence than a guess here.
        }
    }

    // qemu_strtosz: digits, a fraction, and one of B K M G T P E. Null for what QEMU would refuse.
    private static long? Size(string? text, long defaultUnit)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var shift = "BKMGTPE".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) * 10;
        var number = shift < 0 ? text : text[..^1];
        var unit = shift < 0 ? defaultUnit : 1L << shift;
        var parsed = number.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? (long.TryParse(number.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : -1m)
            : (decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dec) ? dec : -1m);
        return parsed >= 0 && parsed <= long.MaxValue / unit ? (long)Math.Ceiling(parsed * unit) : null;
    }
}
