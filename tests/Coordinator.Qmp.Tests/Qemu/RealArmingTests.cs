using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Qemu;

/// <summary>What QEMU does with a command whose last byte it has not read.</summary>
public sealed class RealArmingTests
{
    public static TheoryData<string> Both => QemuBinary.Both;

    [Theory, MemberData(nameof(Both))]
    public async Task Armed_IsExecutedWhenFired_AndNotBefore(string which)
    {
        using var directory = new ScratchDirectory();
        await using var qemu = await WithTwoMonitors(which, directory);
        await using var first = await qemu.ConnectAsync();
        await using var second = await QmpConnection.ConnectAsync(QmpEndpoint.Unix(directory.File("second")), QmpOptions.Default);

        var armed = second.Arm(new QmpCommand("cont"));
        Assert.Equal("prelaunch", (await first.QueryStatusAsync()).Status);
        Assert.False((await armed.Fire().InTime()).IsError);

        Assert.Equal("running", (await first.QueryStatusAsync()).Status);
        Assert.Equal("running", (await second.QueryStatusAsync()).Status);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Armed_OnAConnectionThatEnds_IsForgotten(string which)
    {
        using var directory = new ScratchDirectory();
        await using var qemu = await WithTwoMonitors(which, directory);
        await using var first = await qemu.ConnectAsync();
        var endpoint = QmpEndpoint.Unix(directory.File("second"));
        await using (var second = await QmpConnection.ConnectAsync(endpoint, QmpOptions.Default))
            second.Arm(new QmpCommand("cont"));

        // The next client of that monitor begins anew: nothing of the one before is left in QEMU's parser.
        await using var next = await Eventually.Succeeds(() => QmpConnection.ConnectAsync(endpoint, QmpOptions.Default), static e => e is QmpConnectException, Patience.Limit);

        Assert.Equal("prelaunch", (await next.QueryStatusAsync()).Status);
        Assert.Equal("prelaunch", (await first.QueryStatusAsync()).Status);
    }

    static Task<QemuProcess> WithTwoMonitors(string which, ScratchDirectory directory) =>
        QemuProcess.StartAsync(which, "-machine", "none", "-qmp", $"unix:{directory.File("second")},server=on,wait=off");
}
