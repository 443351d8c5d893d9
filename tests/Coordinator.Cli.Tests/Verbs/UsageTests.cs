using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Tests.Support;
using Coordinator.Cli.Verbs;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class UsageTests
{
    public static TheoryData<string, string> Refused => new()
    {
        { "migrate", "Required argument 'VM' missing for command: 'migrate'." },
        { "migrate demo", "Option '--to' is required." },
        { "migrate demo --to beta --downtime-limit 300", "--downtime-limit: '300' is refused; allowed is 1ms to 2000s, with a unit of ms, s, m, h or d" },
        { "migrate demo --to beta --downtime-limit 2001s", "--downtime-limit: '2001s' is refused; allowed is 1ms to 2000s" },
        { "migrate demo --to beta --bandwidth 1000KiB/s", "--bandwidth: '1000KiB/s' is refused; allowed is 1MiB/s to 1TiB/s" },
        { "migrate demo --to beta --max-attempts 11", "--max-attempts: '11' is refused; allowed is 1 to 10" },
        { "migrate demo --to beta --verify -1s", "--verify" },
        { "up --nodes 8", "--nodes: 8 is refused; allowed is 1 to 7" },
        { "up --port 80", "--port: 80 is refused; allowed is 1024 to 65000" },
        { "get hosts --output yaml", "Argument 'yaml' not recognized" },
        { "cluster", "'coordctl cluster' needs a command: status, leave, down" },
        { "cluster down 10.0.0.1:4060", "Option '--reason' is required." },
        { "cluster leave 10.0.0.1:4060 --timeout 5", "--timeout: '5' is refused; allowed is 1s to 1h" },
        { "vm", "'coordctl vm' needs a command: start, list, stop" },
        { "load --hosts 1", "--hosts: 1 is refused; allowed is 2 to 1000" },
        { "load --active 0", "--active: 0 is refused; allowed is 1 to 50000" },
        { "load --queues 65", "--queues: 65 is refused; allowed is 1 to 64" },
        { "load --copy-seconds 120-60", "--copy-seconds: '120-60' is refused; write one number of seconds or two as in 60-120, above 0 and at most 3600" },
        { "load --copy-seconds 0", "--copy-seconds: '0' is refused" },
        { "load --requests 0", "--requests: 0 is refused; allowed is 1 to 100000" },
        { "load --requests 10 --duration 60", "--duration and --requests are two kinds of load: one of them" },
        { "load --at 5", "--at and --fault go together: when to break something, and the command that does" },
        { "load --at 60 --duration 30 --fault true", "--at: 60 is refused; the load ends after 30 s, see --duration" },
        { "load --fault true", "--at and --fault go together" },
        { "load --metrics nowhere", "--metrics: 'nowhere' is not the address of a coordinator's pages; write HOST:PORT" },
        { "fly demo", "Unrecognized command or argument 'fly'." },
        { "get hosts --server 127.0.0.1:4050", "--server: '127.0.0.1:4050' is not the address of a coordinator; write http://HOST:PORT" },
        { "vm start /nowhere/demo.yaml --host alpha", "the definition cannot be read: Could not find" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task CommandLine_WhatCannotBeUsed_IsRefusedWithASentence(string line, string sentence)
    {
        var run = await CoordctlRun.With(new(), line.Split(' '));

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"coordctl: {sentence}", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("migrate --help")]
    [InlineData("up --help")]
    [InlineData("load --help")]
    public async Task Help_Pages_AreAsAgreed(string line)
    {
        var run = await CoordctlRun.With(new(), line.Split(' '));

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        // The test runner gives the program its own name.
        Golden.Matches($"help-{line.Replace(" --help", "", StringComparison.Ordinal).Trim('-')}", run.Output.Replace("testhost", "coordctl", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("300ms", 300L)]
    [InlineData("0.5s", 500L)]
    [InlineData("2 m", 120_000L)]
    [InlineData("7d", 604_800_000L)]
    [InlineData("300", null)]
    [InlineData("5S", null)]
    [InlineData("1e3s", null)]
    [InlineData("-1s", null)]
    [InlineData("", null)]
    public void DurationMs_Text_NeedsAUnit(string text, long? expected) => Assert.Equal(expected, Quantity.DurationMs(text));

    [Theory]
    [InlineData("1GiB/s", 1L << 30)]
    [InlineData("1.5MiB/s", 3L << 19)]
    [InlineData("1TiB/s", 1L << 40)]
    [InlineData("1GB/s", null)]
    [InlineData("1GiB", null)]
    public void BytesPerSec_Text_NeedsABinaryUnit(string text, long? expected) => Assert.Equal(expected, Quantity.BytesPerSec(text));
}
