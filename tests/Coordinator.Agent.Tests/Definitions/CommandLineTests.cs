using Coordinator.Agent.Definitions;
using Xunit;

namespace Coordinator.Agent.Tests.Definitions;

public sealed class CommandLineTests
{
    [Fact]
    public void CommandLine_Incoming_AddsWhatTheAgentOwns()
    {
        var line = DefinitionTexts.Parse(DefinitionTexts.Small).CommandLine(DefinitionTexts.Host(), LaunchRole.Incoming, "l-17");

        Assert.Equal("/usr/bin/qemu-system-x86_64", line.Binary);
        Assert.Equal(
            [
                "-name", "guest=web-1,process=qemu:web-1,debug-threads=on", "-uuid", DefinitionTexts.Uuid, "-no-user-config", "-msg", "timestamp=on",
                "-monitor", "none",
                "-chardev", "socket,id=coordinator-l-17,fd=3,server=on,wait=off", "-mon", "chardev=coordinator-l-17,mode=control", "-S", "-incoming", "defer",
                .. Enumerable.Range(1, QemuCommandLine.StandbyMonitorCount).SelectMany(i => new[]
                {
                    "-chardev", $"socket,id=coordinator-standby.{i},path=/run/coordinator/qmp/l-17.{i},server=on,wait=off", "-mon", $"chardev=coordinator-standby.{i},mode=control",
                }),
                "-machine", "q35", "-m", "512",
            ],
            line.Arguments);
        Assert.Equal("/run/coordinator/qmp/l-17", line.QmpSocketPath);
        Assert.Equal("/var/lib/coordinator/vm/web-1/qemu-l-17.log", line.LogPath);
        Assert.Equal(512, line.Memory.MiB);
    }

    [Fact]
    public void CommandLine_WithARunDirectoryTooLongForMoreSockets_HasNoStandbyMonitors()
    {
        // "/qmp/l" of 107 bytes is left to the one monitor; ".14" more is too much.
        var host = DefinitionTexts.Host() with { RunDirectory = "/" + new string('r', 99) };

        var line = DefinitionTexts.Parse(DefinitionTexts.Small).CommandLine(host, LaunchRole.Start, "l");

        Assert.DoesNotContain(line.Arguments, argument => argument.Contains("standby", StringComparison.Ordinal));
        Assert.Contains("chardev=coordinator-l,mode=control", line.Arguments);
    }

    [Fact]
    public void CommandLine_Start_IsStoppedAndWaitsForNoStream()
    {
        var line = DefinitionTexts.Parse(DefinitionTexts.Small).CommandLine(DefinitionTexts.Host(), LaunchRole.Start, "l");

        Assert.Contains("-S", line.Arguments);
        Assert.DoesNotContain("-incoming", line.Arguments);
    }

    [Fact]
    public void CommandLine_Variables_NearestWins()
    {
        var definition = DefinitionTexts.Parse("""
            name: web-1
            uuid: 6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11
            args: ['${a}|${b}|${c}', '${name} ${uuid} ${host} ${stateDir} ${runDir}', '$${a} $a $', "${empty}"]
            variables: {a: default, b: default, c: default, empty: ""}
            hosts: {host-a: {a: guest-on-host}}
            """);

        var line = definition.CommandLine(DefinitionTexts.Host("host-a", ("a", "host"), ("b", "host")), LaunchRole.Start, "l");

        Assert.Equal(
            [
                "guest-on-host|host|default",
                $"web-1 {DefinitionTexts.Uuid} host-a /var/lib/coordinator/vm/web-1 /run/coordinator/vm/web-1",
                "${a} $a $",
                "",
            ],
            line.Arguments.TakeLast(4));
    }

    [Fact]
    public void CommandLine_ValueThatLooksLikeAVariable_IsNotExpandedAgain()
    {
        var line = DefinitionTexts.WithArguments("${a}").CommandLine(DefinitionTexts.Host("host-a", ("a", "${a}${a}")), LaunchRole.Start, "l");

        Assert.Equal("${a}${a}", line.Arguments[^1]);
    }

    [Fact]
    public void CommandLine_MissingVariables_AreAllNamedWithTheHost()
    {
        var e = Assert.Throws<DefinitionException>(() =>
            DefinitionTexts.WithArguments("${tap}", "${bridge} ${tap}").CommandLine(DefinitionTexts.Host("host-b"), LaunchRole.Start, "l"));

        Assert.Equal(
            [
                "the variable ${bridge} has no value on host host-b; add it under hosts.host-b of the definition, or under 'variables' in the configuration of "
                    + "that host.",
                "the variable ${tap} has no value on host host-b; add it under hosts.host-b of the definition, or under 'variables' in the configuration of "
                    + "that host.",
            ],
            e.Problems.Select(p => p.Sentence));
    }

    [Fact]
    public void CommandLine_ReservedOptionFromAVariable_IsRefused()
    {
        var e = Assert.Throws<DefinitionException>(() =>
            DefinitionTexts.WithArguments("${x}").CommandLine(DefinitionTexts.Host("host-a", ("x", "-S")), LaunchRole.Start, "l"));

        Assert.Contains("with the variables of host host-a, the argument -S is not accepted", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CommandLine_BinaryThatTheHostDoesNotAllow_IsRefused()
    {
        var definition = DefinitionTexts.Parse(DefinitionTexts.Small + "\nbinary: /bin/sh");

        var e = Assert.Throws<DefinitionException>(() => definition.CommandLine(DefinitionTexts.Host(), LaunchRole.Start, "l"));
        Assert.Contains("host host-a does not allow the QEMU binary /bin/sh; it allows /usr/bin/qemu-system-x86_64, /opt/qemu/bin/qemu-system-x86_64",
            e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("../x")]
    [InlineData("0123456789012345678901234567890123456")]
    public void CommandLine_BadLaunchId_IsRefused(string launchId)
    {
        Assert.Throws<DefinitionException>(() => DefinitionTexts.Parse(DefinitionTexts.Small).CommandLine(DefinitionTexts.Host(), LaunchRole.Start, launchId));
    }

    [Fact]
    public void CommandLine_DefinitionThatOnlyAdopts_CannotBeLaunched()
    {
        var definition = DefinitionTexts.Parse($"name: web-1\nuuid: {DefinitionTexts.Uuid}\nadopt: {{qmpSocket: '${{dir}}/qmp'}}");

        Assert.False(definition.CanBeLaunched);
        Assert.Contains("has no 'args'", Assert.Throws<DefinitionException>(() =>
            definition.CommandLine(DefinitionTexts.Host(), LaunchRole.Incoming, "l")).Message, StringComparison.Ordinal);
        Assert.Equal(new AdoptedMonitor("/d/qmp", null), definition.AdoptedOn(DefinitionTexts.Host("host-a", ("dir", "/d"))));
        Assert.Throws<DefinitionException>(() => definition.AdoptedOn(DefinitionTexts.Host("host-a", ("dir", "d"))));
        Assert.Throws<DefinitionException>(() => definition.AdoptedOn(DefinitionTexts.Host()));
    }

    [Fact]
    public void ToString_QuotesForPeople()
    {
        var line = DefinitionTexts.WithArguments("-append", "it's a b").CommandLine(DefinitionTexts.Host(), LaunchRole.Start, "l");

        Assert.EndsWith(@"-append 'it'\''s a b'", line.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-machine q35", 128)]
    [InlineData("-m 512", 512)]
    [InlineData("-m 512M", 512)]
    [InlineData("-m 2G", 2048)]
    [InlineData("-m 1.5G", 1536)]
    [InlineData("-m size=2G,slots=4,maxmem=8G", 2048)]
    [InlineData("-m 1048576k", 1024)]
    [InlineData("-m 0x200", 512)]
    [InlineData("-object memory-backend-ram,id=m,size=1G -machine memory-backend=m", 1024)]
    [InlineData("-m 1G -object memory-backend-memfd,id=m,size=1G,share=on -numa node,memdev=m", 1024)]
    [InlineData("-m 2G -object memory-backend-ram,id=a,size=1G -object memory-backend-ram,id=b,size=1G", 2048)]
    [InlineData("-object '{\"qom-type\":\"memory-backend-ram\",\"id\":\"m\",\"size\":1073741824}'", 1024)]
    [InlineData("-object memory-backend-ram,size=1048577,id=m", 2)]
    [InlineData("-object rng-random,id=r -m 64", 64)]
    public void Memory_IsReadFromTheArguments(string arguments, long expectedMiB)
    {
        var definition = DefinitionTexts.Parse($"name: web-1\nuuid: {DefinitionTexts.Uuid}\nargs: |\n  {arguments}");

        Assert.Equal(expectedMiB, definition.CommandLine(DefinitionTexts.Host(), LaunchRole.Start, "l").Memory.MiB);
    }

    [Fact]
    public void Memory_GivenExplicitly_Wins()
    {
        var definition = DefinitionTexts.Parse(DefinitionTexts.Small + "\nmemoryMiB: 4096");

        Assert.Equal(4096, definition.CommandLine(DefinitionTexts.Host(), LaunchRole.Start, "l").Memory.MiB);
    }

    [Fact]
    public void Memory_OfHugePages_IsMarked()
    {
        var memory = DefinitionTexts.WithArguments("-object", "memory-backend-memfd,id=m,size=1G,hugetlb=on", "-mem-path", "/dev/hugepages/x")
            .CommandLine(DefinitionTexts.Host(), LaunchRole.Start, "l").Memory;

        Assert.True(memory.MayUseHugePages);
        Assert.Equal(["/dev/hugepages/x"], memory.BackendPaths);
    }
}
