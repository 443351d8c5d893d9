using System.Diagnostics;
using System.Text;
using Coordinator.Agent.Definitions;
using Xunit;

namespace Coordinator.Agent.Tests.Definitions;

public sealed class VmDefinitionRefusalTests
{
    private const string Head = "name: web-1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\n";

    [Theory]
    [InlineData("", null, null, "the document is empty.")]
    [InlineData("- a", 1, 1, "a VM definition is a mapping")]
    [InlineData("web-1", 1, 1, "a VM definition is a mapping")]
    [InlineData("uuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 1, "'name' is missing")]
    [InlineData("name: web-1\nargs: -m 1", 1, 1, "'uuid' is missing")]
    [InlineData(Head, 1, 1, "'args' is missing")]
    [InlineData(Head + "args: -m 1\nmemory: 1", 4, 1, "no key 'memory'; it has name, uuid, binary, args,")]
    [InlineData(Head + "args: -m 1\nargs: -m 2", 4, 1, "'args' stands here a second time; the first is in line 3.")]
    [InlineData("name: Web_1\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 7, "'Web_1' cannot name a VM")]
    [InlineData("name: web-\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 7, "'web-' cannot name a VM")]
    [InlineData("name: \"web\\n\"\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 7, "'web ' cannot name a VM")]
    [InlineData("name: ../etc\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 7, "cannot name a VM")]
    [InlineData("name: 17\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 7, "'name' must be text, and YAML reads 17 as a number")]
    [InlineData("name:\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 6, "'name' is empty")]
    [InlineData("name: [a]\nuuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11\nargs: -m 1", 1, 7, "'name' must be text, not a list")]
    [InlineData("name: web-1\nuuid: 6f0c1b9e52a44c7e9f572f7f3f0a9c11\nargs: -m 1", 2, 7, "is not a UUID; write it as 8-4-4-4-12")]
    [InlineData("name: web-1\nuuid: 00000000-0000-0000-0000-000000000000\nargs: -m 1", 2, 7, "is not a UUID")]
    [InlineData(Head + "args: {a: b}", 3, 7, "'args' must be a list")]
    [InlineData(Head + "args: []", 3, 7, "'args' has 0 arguments")]
    [InlineData(Head + "args:\n  - -m\n  -\n", 5, 4, "an argument must be a single text")]
    [InlineData(Head + "args:\n  - -m\n  - [1]\n", 5, 5, "an argument must be a single text")]
    [InlineData(Head + "args: -m 1\nlabels: {app: web}\nantiAffinity: [tier]", 5, 16, "'antiAffinity' names 'tier', and this definition has no such label")]
    [InlineData(Head + "args: -m 1\nlabels: {app: 'a b'}", 4, 15, "the label 'app' needs a value of 1 to 63 letters")]
    [InlineData(Head + "args: -m 1\nmemoryMiB: lots", 4, 12, "'memoryMiB' must be a whole number from 1 to 67108864")]
    [InlineData(Head + "args: -m 1\nmemoryMiB: 0", 4, 12, "'memoryMiB' must be a whole number")]
    [InlineData(Head + "args: -m 1\ndevices: net0", 4, 10, "'devices' must be a list")]
    [InlineData(Head + "args: -m 1\ndevices: [0net]", 4, 11, "'0net' is not a device")]
    [InlineData(Head + "args: -m 1\ndevices: []", 4, 10, "'devices' is empty")]
    [InlineData(Head + "args: -m 1\nvariables: {name: x}", 4, 13, "'name' is built in")]
    [InlineData(Head + "args: -m 1\nvariables: {a b: x}", 4, 13, "'a b' cannot name a variable")]
    [InlineData(Head + "args: -m 1\nvariables: {a: [x]}", 4, 16, "the variable 'a' needs a value")]
    [InlineData(Head + "args: -m 1\nhosts: {Host_A: {}}", 4, 9, "'Host_A' is not a host id")]
    [InlineData(Head + "args: -m 1\nhosts: {host-a: tap0}", 4, 17, "'hosts.host-a' must hold variables")]
    [InlineData(Head + "adopt: {}", 3, 8, "'qmpSocket' is missing in 'adopt'")]
    [InlineData(Head + "adopt: {qmpSocket: run/x}", 3, 20, "'run/x' must be an absolute path")]
    [InlineData(Head + "adopt: {qmpSocket: /x, socket: /y}", 3, 24, "'adopt' has no key 'socket'")]
    [InlineData(Head + "args: ['${tap']", 3, 8, "a '${' is not closed")]
    [InlineData(Head + "args: ['${a b}']", 3, 8, "'${a b}' is not a variable")]
    [InlineData(Head + "args: -m `nproc`", 3, 7, "no shell runs here; quote it if it belongs to the argument (line 1 of the text)")]
    [InlineData(Head + "args: |\n  -m 1\n  -append 'a\n", 3, 7, "'args' cannot be split: a single quote is not closed (line 2 of the text)")]
    [InlineData(Head + "args: [\"-m\\0\"]", 3, 8, "a NUL")]
    [InlineData(Head + "args: [\"\\uD800\"]", 3, 8, "this is not YAML")]
    [InlineData(Head + "args: [&a -m, *a]", 3, 8, "anchors (&a) are not accepted")]
    [InlineData(Head + "args: [-m, *a]", 3, 12, "aliases (*a) are not accepted")]
    [InlineData(Head + "args: [!!str 1]", 3, 8, "tags (tag:yaml.org,2002:str) are not accepted")]
    [InlineData(Head + "args: [-m\n", 4, 1, "this is not YAML")]
    [InlineData(Head + "args: -m 1\n---\nname: b\n", 4, 1, "a second document begins here")]
    [InlineData("? [a]\n: b\n", 1, 3, "a key must be a single word")]
    public void Parse_FaultyText_NamesPlaceAndRemedy(string yaml, int? line, int? column, string sentence)
    {
        var problem = Assert.Throws<DefinitionException>(() => VmDefinition.Parse(yaml, "web-1.yaml")).Problems[0];

        Assert.Contains(sentence, problem.Sentence, StringComparison.Ordinal);
        Assert.Equal((line, column), ((int?)problem.Line, (int?)problem.Column));
    }

    [Fact]
    public void Parse_HalfASurrogatePair_IsRefused()
    {
        var e = Assert.Throws<DefinitionException>(() => DefinitionTexts.Parse(Head + "args: [\"" + (char)0xD800 + "\"]"));

        Assert.Contains("half a surrogate pair", Assert.Single(e.Problems).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_SeveralFaults_AreAllNamedInOneMessage()
    {
        var e = Assert.Throws<DefinitionException>(() => VmDefinition.Parse("name: A\nuuid: b\nargs: [-S]\nx: 1", "bad.yaml"));

        Assert.Equal(
            [
                "bad.yaml:1:7: 'A' cannot name a VM",
                "bad.yaml:2:7: 'b' is not a UUID",
                "bad.yaml:3:8: the argument -S is not accepted: the agent starts every guest stopped and continues it itself. Remove it.",
                "bad.yaml:4:1: a VM definition has no key 'x'",
            ],
            e.Message.Split('\n').Select(line => line.Split(';')[0]));
    }

    [Theory]
    [InlineData("-incoming", "the agent adds it itself when this host is the destination")]
    [InlineData("--incoming", "the agent adds it itself")]
    [InlineData("-S", "the agent starts every guest stopped")]
    [InlineData("-daemonize", "the agent detaches QEMU itself")]
    [InlineData("-qmp", "give its socket as adopt.qmpSocket")]
    [InlineData("-qmp-pretty", "the agent must own every monitor")]
    [InlineData("-mon", "the agent must own every monitor")]
    [InlineData("-monitor", "the agent must own every monitor")]
    [InlineData("-gdb", "a debugger could start a stopped copy")]
    [InlineData("-s", "a debugger (-gdb) could start")]
    [InlineData("-name", "the agent adds it from 'name'")]
    [InlineData("-loadvm", "every later launch would go back to that snapshot")]
    [InlineData("-snapshot", "a migration would lose them")]
    [InlineData("-preconfig", "QEMU then waits for commands")]
    [InlineData("-readconfig", "options in another file are not part of the definition")]
    [InlineData("-version", "QEMU would print and exit")]
    public void Parse_OptionOfTheAgent_IsRefusedByNameWithTheRemedy(string option, string remedy)
    {
        foreach (var yaml in new[] { $"{Head}args: [-m, 1, {option}, x]", $"{Head}args: -m 1 {option} x" })
        {
            var problem = Assert.Single(Assert.Throws<DefinitionException>(() => DefinitionTexts.Parse(yaml)).Problems);
            Assert.StartsWith($"the argument {option} is not accepted: ", problem.Sentence, StringComparison.Ordinal);
            Assert.Contains(remedy, problem.Sentence, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("-serial mon:stdio", "-serial mon:stdio is not accepted")]
    [InlineData("-uuid 11111111-2222-3333-4444-555555555555", "contradicts 'uuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11'")]
    [InlineData("-uuid", "contradicts")]
    [InlineData("-chardev socket,id=coordinator-x,path=/x", "ids that begin with 'coordinator-'")]
    public void Parse_ArgumentInTheAgentsWay_IsRefused(string arguments, string sentence)
    {
        var problem = Assert.Single(Assert.Throws<DefinitionException>(() => DefinitionTexts.Parse($"{Head}args: {arguments}")).Problems);
        Assert.Contains(sentence, problem.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-append -S -m 1")]
    [InlineData("-monitor none -nographic -serial stdio")]
    [InlineData("-device virtio-net-pci,id=S -smp 2")]
    [InlineData("-pidfile ${runDir}/pid -no-user-config -sandbox on")]
    public void Parse_ArgumentThatOnlyLooksReserved_IsAccepted(string arguments)
    {
        Assert.True(DefinitionTexts.Parse($"{Head}args: {arguments}").CanBeLaunched);
    }

    [Fact]
    public void Parse_Bombs_AreRefusedQuickly()
    {
        var laughs = new StringBuilder("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (var c = 'b'; c < 'k'; c++)
        {
            laughs.Append($"{c}: &{c} [{string.Join(',', Enumerable.Repeat($"*{(char)(c - 1)}", 9))}]\n");
        }

        var start = Stopwatch.GetTimestamp();
        Refused(laughs.ToString(), "anchors");
        Refused(new string('[', 1_000_000), "nested deeper than 8 levels");
        Refused(string.Concat(Enumerable.Repeat("- ", 500_000)), "nested deeper than 8 levels");
        Refused(string.Concat(Enumerable.Repeat("{a: ", 250_000)), "nested deeper than 8 levels");
        Refused(new string('#', (1024 * 1024) + 1), "larger than 1 MiB");
        Refused(new string('\u00e9', 600_000), "larger than 1 MiB");
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);

        static void Refused(string yaml, string sentence) =>
            Assert.Contains(sentence, Assert.Throws<DefinitionException>(() => VmDefinition.Parse(yaml, "bomb.yaml")).Problems[0].Sentence,
                StringComparison.Ordinal);
    }

    // Whatever bytes come over the network: a definition, or DefinitionException, and its message is bounded.
    [Fact]
    public void Parse_MutatedText_ThrowsNothingElse()
    {
        const string Alphabet = " \n\t-:#[]{}'\"|>&*!%@`,\\$~ax0\u00e9\u0085\ufeff\ud800\0";
        var accepted = 0;
        for (var seed = 1; seed <= 4000; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder(random.Next(2) == 0 ? DefinitionTexts.Full : DefinitionTexts.Small);
            for (var edits = random.Next(1, 6); edits > 0 && text.Length > 0; edits--)
            {
                var at = random.Next(text.Length);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at)),
                    1 => text.Insert(at, Alphabet[random.Next(Alphabet.Length)]),
                    _ => text.Insert(at, text.ToString(random.Next(at + 1), Math.Min(9, text.Length - at))),
                };
            }

            try
            {
                VmDefinition.Parse(text.ToString(), "fuzz.yaml");
                accepted++;
            }
            catch (DefinitionException e)
            {
                Assert.InRange(e.Message.Length, 10, 20_000);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        Assert.InRange(accepted, 100, 3900);
    }
}
