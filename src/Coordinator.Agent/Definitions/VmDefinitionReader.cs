using System.Text.RegularExpressions;
using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Definitions;

internal static partial class VmDefinitionReader
{
    /// <summary>The kernel refuses a longer single argument (MAX_ARG_STRLEN, 32 pages with the final NUL).</summary>
    private const int ArgumentBytesAtMost = (128 * 1024) - 1;

    private const int ArgumentsAtMost = 4096;

    private const int MemoryMiBAtMost = 64 * 1024 * 1024;

    private static readonly string[] Keys = ["name", "uuid", "binary", "args", "variables", "hosts", "adopt", "devices", "memoryMiB", "labels", "antiAffinity"];

    public static VmDefinitionContent? Read(string yaml, ProblemList problems)
    {
        var root = YamlTree.Read(yaml, problems);
        if (root is not MappingNode mapping)
        {
            if (root is not null)
            {
                problems.Add(root.At, "a VM definition is a mapping: lines like 'name: web-1'.");
            }

            return null;
        }

        var reader = new MappingReader(mapping, "a VM definition", Keys, problems);
        var name = Name(reader, problems);
        var uuid = Uuid(reader, problems);
        var binary = Checked(reader.Text("binary"), problems);
        var arguments = Arguments(reader, problems);
        var variables = VariableMap.Read(reader.Mapping("variables"), problems);
        var hosts = Hosts(reader, problems);
        var adopt = Adopt(reader, problems);
        var devices = Devices(reader, problems);
        var memoryMiB = reader.WholeNumber("memoryMiB", 1, MemoryMiBAtMost);
        var labels = PlacementLabels.Labels(reader, problems);
        var antiAffinity = PlacementLabels.AntiAffinity(reader, labels, problems);
        if (arguments is null && adopt is null && reader.Node("args") is null && reader.Node("adopt") is null)
        {
            problems.Add(reader.At, "'args' is missing in a VM definition (it may be absent only where 'adopt' is given).");
        }

        var words = (arguments ?? []).Select(a => a.Text).ToList();
        var kept = uuid == Guid.Empty ? [] : DefinedUuid.TakeOut(words, uuid, (i, sentence) => problems.Add(arguments![i].At, sentence));
        ReservedOptions.Check(words, (i, sentence) => problems.Add(arguments![i].At, sentence));
        return problems.Any ? null : new VmDefinitionContent(name!, uuid, binary, kept, variables, hosts, adopt, devices, memoryMiB)
        {
            Labels = labels,
            AntiAffinity = antiAffinity,
        };
    }

    private static string? Name(MappingReader reader, ProblemList problems)
    {
        var name = reader.Text("name", required: true);
        if (name is not null && !ResourceName.IsValid(name.Text))
        {
            problems.Add(name.At, $"'{Shown.Briefly(name.Text)}' cannot name a VM; {ResourceName.Rule}.");
        }

        return name?.Text;
    }

    private static Guid Uuid(MappingReader reader, ProblemList problems)
    {
        var text = reader.Text("uuid", required: true);
        if (text is null)
        {
            return Guid.Empty;
        }

        // QEMU reads this form only (qemu_uuid_parse); all zeros is what it shows for "none".
        if (!Guid.TryParseExact(text.Text, "D", out var uuid) || uuid == Guid.Empty)
        {
            problems.Add(text.At, $"'{Shown.Briefly(text.Text)}' is not a UUID; write it as 8-4-4-4-12 hex digits, not all zero (uuidgen makes one).");
        }

        return uuid;
    }

    private static IReadOnlyList<ScalarNode>? Arguments(MappingReader reader, ProblemList problems)
    {
        var arguments = reader.Node("args") switch
        {
            null => null,
            ListNode list => ListedArguments(list, problems),
            ScalarNode { Kind: ScalarKind.Text } text => SplitArguments(text, problems),
            var other => Refused(other, "'args' must be a list of arguments, or one text that is split as a shell would.", problems),
        };
        foreach (var argument in arguments ?? [])
        {
            Checked(argument, problems);
            if (System.Text.Encoding.UTF8.GetByteCount(argument.Text) > ArgumentBytesAtMost)
            {
                problems.Add(argument.At, "an argument is longer than 128 KiB, which Linux refuses.");
            }
        }

        if (arguments is not null && (arguments.Count == 0 || arguments.Count > ArgumentsAtMost))
        {
            problems.Add(reader.Node("args")!.At, $"'args' has {arguments.Count} arguments; 1 to {ArgumentsAtMost} make sense.");
        }

        return arguments;
    }

    private static List<ScalarNode> ListedArguments(ListNode list, ProblemList problems)
    {
        var arguments = new List<ScalarNode>();
        foreach (var item in list.Items)
        {
            // "-m" and 512 stand in two lines, and 512 needs no quotes: arguments are text whatever YAML thinks.
            if (item is ScalarNode { Kind: not ScalarKind.Nothing } scalar)
            {
                arguments.Add(scalar);
            }
            else
            {
                problems.Add(item.At, "an argument must be a single text; write \"\" for an empty one.");
            }
        }

        return arguments;
    }

    private static List<ScalarNode>? SplitArguments(ScalarNode text, ProblemList problems)
    {
        var (words, fault) = ShellWords.Split(text.Text);
        if (fault is not null)
        {
            problems.Add(text.At, $"'args' cannot be split: {fault}.");
            return null;
        }

        return [.. words.Select(word => new ScalarNode(text.At, word, ScalarKind.Text))];
    }

    private static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Hosts(MappingReader reader, ProblemList problems)
    {
        var hosts = new SortedDictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (key, value) in reader.Mapping("hosts")?.Entries ?? [])
        {
            if (!ResourceName.IsValid(key.Text))
            {
                problems.Add(key.At, $"'{Shown.Briefly(key.Text)}' is not a host id; use the 'hostId' of the host's configuration.");
            }
            else if (value is not MappingNode variables)
            {
                problems.Add(value.At, $"'hosts.{key.Text}' must hold variables of this host: lines like 'tap: tap0'.");
            }
            else
            {
                hosts.TryAdd(key.Text, VariableMap.Read(variables, problems));
            }
        }

        return hosts;
    }

    private static AdoptedMonitor? Adopt(MappingReader reader, ProblemList problems)
    {
        if (reader.Mapping("adopt") is not { } mapping)
        {
            return null;
        }

        var adopt = new MappingReader(mapping, "'adopt'", ["qmpSocket", "pidFile"], problems);
        var socket = AbsolutePath(adopt.Text("qmpSocket", required: true), problems);
        var pidFile = AbsolutePath(adopt.Text("pidFile"), problems);
        return socket is null ? null : new AdoptedMonitor(socket, pidFile);
    }

    private static IReadOnlyList<string>? Devices(MappingReader reader, ProblemList problems)
    {
        var devices = reader.TextList("devices");
        foreach (var device in devices ?? [])
        {
            if (!DevicePattern().IsMatch(device.Text))
            {
                problems.Add(device.At, $"'{Shown.Briefly(device.Text)}' is not a device: write the id of its -device argument, or a path that begins with "
                    + "/machine/.");
            }
        }

        if (devices is { Count: 0 } && reader.Node("devices") is ListNode { Items.Count: 0 } empty)
        {
            problems.Add(empty.At, "'devices' is empty; remove it to track every virtio device.");
        }

        return devices is null ? null : [.. devices.Select(d => d.Text).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static string? AbsolutePath(ScalarNode? text, ProblemList problems)
    {
        if (text is not null && !text.Text.StartsWith('/') && !text.Text.StartsWith("${", StringComparison.Ordinal))
        {
            problems.Add(text.At, $"'{Shown.Briefly(text.Text)}' must be an absolute path.");
        }

        return Checked(text, problems);
    }

    private static string? Checked(ScalarNode? text, ProblemList problems)
    {
        if (text is not null && VariableText.Fault(text.Text) is { } fault)
        {
            problems.Add(text.At, fault);
        }

        return text?.Text;
    }

    private static List<ScalarNode>? Refused(DocumentNode node, string sentence, ProblemList problems)
    {
        problems.Add(node.At, sentence);
        return null;
    }

    // id_wellformed() of QEMU's util/id.c, or a QOM path of a device without an id.
    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9._-]{0,254}|/machine/[A-Za-z0-9._\[\]/-]{1,255})\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex DevicePattern();
}
