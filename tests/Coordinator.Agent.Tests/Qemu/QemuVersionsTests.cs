using System.Globalization;
using Coordinator.Agent.Qemu;
using Coordinator.Lab.Processes;

namespace Coordinator.Agent.Tests.Qemu;

public sealed class QemuVersionsTests
{
    [Fact]
    public async Task Binary_ThatSaysNothing_IsLeftOutAndEnded()
    {
        using TemporaryDirectory directory = new();
        string silent = Program(directory, "silent", $"echo $$ > {directory["new"]}; mv {directory["new"]} {directory["pid"]}; exec sleep 1000");
        string ready = Program(directory, "ready", "echo QEMU emulator version 10.0.2");

        IReadOnlyList<string> versions = await QemuVersions.OfAsync([silent, ready], TimeSpan.FromSeconds(2));

        Assert.Equal(["10.0.2"], versions);
        if (File.Exists(directory["pid"]))
        {
            int pid = int.Parse(await File.ReadAllTextAsync(directory["pid"]), CultureInfo.InvariantCulture);
            await Eventually.TrueAsync(() => ProcessIdentity.Of(pid) is null, "the silent program to be ended");
        }
    }

    private static string Program(TemporaryDirectory directory, string name, string script)
    {
        string path = directory[name];
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
