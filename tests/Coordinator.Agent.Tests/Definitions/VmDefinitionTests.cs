using Coordinator.Agent.Definitions;
using CsCheck;
using Xunit;

namespace Coordinator.Agent.Tests.Definitions;

public sealed class VmDefinitionTests
{
    [Fact]
    public void Parse_FullText_ReadsEveryKey()
    {
        var definition = DefinitionTexts.Parse(DefinitionTexts.Full);

        Assert.Equal("web-1", definition.Name);
        Assert.Equal(Guid.Parse(DefinitionTexts.Uuid), definition.Uuid);
        Assert.Equal(["/machine/peripheral-anon/device[1]", "net0"], definition.Devices);
        Assert.Equal(["mem", "tap", "runDir"], definition.Variables);
        Assert.Equal(
            [
                "-machine", "q35,accel=kvm", "-m", "${mem}", "-netdev", "tap,id=n0,ifname=${tap},script=no", "-device", "virtio-net-pci,id=net0,netdev=n0",
                "-append", "console=ttyS0 quiet", "-drive", "file=/data/a b.img,if=none,id=d0",
            ],
            definition.Content.Arguments);
        Assert.Equal(2048, definition.Content.MemoryMiB);
        Assert.Equal(new AdoptedMonitor("${runDir}/qmp.sock", "/run/web-1.pid"), definition.Content.Adopt);
        Assert.Equal("2048", definition.Content.Hosts["host-b"]["mem"]);
    }

    // The fingerprint of a stored definition must never change with a version of the agent: hosts of two versions would refuse each other.
    [Fact]
    public void Fingerprint_OfKnownText_StaysWhatItWas()
    {
        Assert.Equal(GoldenSmall, DefinitionTexts.Parse(DefinitionTexts.Small).Fingerprint);
        Assert.Equal(GoldenFull, DefinitionTexts.Parse(DefinitionTexts.Full).Fingerprint);
    }

    private const string GoldenSmall = "6a8b8608421368c0da790ebc34469c709c6fcc6abb738d6097de5bb25c31df5a";
    private const string GoldenFull = "d7b9c309457fbaa7dc6a8e7aab19981346ddc821df69876294a272fd14734424";

    [Theory]
    [InlineData("uuid: 6F0C1B9E-52A4-4C7E-9F57-2F7F3F0A9C11\nname: 'web-1' # a comment\nargs: '-machine q35 -m 512'")]
    [InlineData("name: web-1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs:\n- -machine\n- q35\n- \"-m\"\n- '512'\nvariables: {}\nhosts: {}")]
    [InlineData("name: web-1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: >-\n  -machine q35\n  -uuid 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\n\n  -m 512")]
    [InlineData("name: web-1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: [-machine, q35, --uuid, '${uuid}', -m, 512]")]
    [InlineData("{\"name\": \"web-1\", \"uuid\": \"6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\", \"args\": [\"-machine\", \"q35\", \"-m\", 512]}")]
    public void Fingerprint_OfTheSameMachineWrittenOtherwise_IsEqual(string yaml)
    {
        Assert.Equal(DefinitionTexts.Parse(DefinitionTexts.Small).Fingerprint, DefinitionTexts.Parse(yaml).Fingerprint);
    }

    [Theory]
    [InlineData("name: web-2")]
    [InlineData("args: [-machine, q35, -m, 513]")]
    [InlineData("args: [-machine, q35, -m]")]
    [InlineData("devices: [net0]")]
    [InlineData("memoryMiB: 512")]
    [InlineData("labels: {app: web}")]
    [InlineData("binary: /usr/bin/qemu-system-x86_64")]
    [InlineData("variables: {a: b}")]
    [InlineData("hosts: {host-a: {}}")]
    [InlineData("adopt: {qmpSocket: /x}")]
    public void Fingerprint_OfAnotherMachine_Differs(string line)
    {
        var key = line[..(line.IndexOf(':', StringComparison.Ordinal) + 1)];
        var changed = string.Join('\n', DefinitionTexts.Small.Split('\n').Where(l => !l.StartsWith(key, StringComparison.Ordinal)).Append(line));

        Assert.NotEqual(DefinitionTexts.Parse(DefinitionTexts.Small).Fingerprint, DefinitionTexts.Parse(changed).Fingerprint);
    }

    [Theory]
    [InlineData(DefinitionTexts.Small)]
    [InlineData(DefinitionTexts.Full)]
    [InlineData(DefinitionTexts.Small + "\nlabels: {app: web, tier: 2}\nantiAffinity: [tier, app]")]
    public void ToYaml_ParsedAgain_IsTheSameDefinition(string yaml)
    {
        var definition = DefinitionTexts.Parse(yaml);
        var again = DefinitionTexts.Parse(definition.ToYaml());

        Assert.Equal(definition.Fingerprint, again.Fingerprint);
        Assert.Equal(definition.ToYaml(), again.ToYaml());
    }

    // Any text that Linux can pass as an argument must survive: quotes, line ends, YAML's own words, blanks at the ends, emoji.
    [Fact]
    public void ToYaml_WithAnyArgument_RoundTrips()
    {
        string[] awkwardTexts = ["null", "~", "true", "0x10", "1e3", "", " ", "- a", "a: b", "#", "a #b", "'", "\"", "\n", "a\n\n b\n", "\t", "\r\n", "\\",
            "|", ">", "%", "@", "`", "&a", "*a", "!t", "---", "...", "{", "]", ",", "\u00e9", "\U0001F600", "\u0085", "\u2028", "\ufeff", "\u0001", "\u007f",
            "?", "? a", ": ", "="];
        var awkward = Gen.Int[0, awkwardTexts.Length - 1].Select(i => awkwardTexts[i]);
        var argument = Gen.Select(awkward, Gen.String[Gen.Char['\u0020', '\u007e'], 0, 20], awkward, (a, b, c) => a + b + c)
            .Where(text => VariableText.Fault(text) is null);
        argument.List[1, 8].Sample(arguments =>
        {
            var content = DefinitionTexts.Parse(DefinitionTexts.Small).Content with
            {
                Arguments = [.. arguments.Select(a => "x" + a),
                .. arguments.Where(a => !a.StartsWith('-'))]
            };
            var parsed = DefinitionTexts.Parse(CanonicalForm.ToYaml(content)).Content;
            Assert.Equal(content.Arguments, parsed.Arguments);
            Assert.Equal(CanonicalForm.FingerprintOf(content), CanonicalForm.FingerprintOf(parsed));
        }, iter: 2000);
    }
}
