using Coordinator.Lab.Guests;

namespace Coordinator.Lab.Tests;

public sealed class KernelCommandLineTests
{
    [Fact]
    public void ToString_Everything_NamesEachParameterOfTheGuest() =>
        Assert.Equal(
            "console=ttyS0 panic=-1 load.tick=10 load.dirty=64:40 quiet load.ip=10.77.0.2/24 load.rate=250 load.payload=64 load.peer=10.77.0.1",
            new KernelCommandLine { DirtyMib = 64, DirtyMibPerSec = 40, Address = "10.77.0.2", Peer = "10.77.0.1" }.ToString());

    [Fact]
    public void ToString_WithoutNetwork_HasNoNetworkParameters() => Assert.DoesNotContain("load.ip", new KernelCommandLine().ToString(), StringComparison.Ordinal);

    [Fact]
    public void ToString_WhatTheGuestWouldRefuse_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelCommandLine { TickMs = 0 }.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelCommandLine { DatagramsPerSec = 20_001 }.ToString());
        Assert.Throws<ArgumentException>(() => new KernelCommandLine { DirtyMib = 64 }.ToString());
        Assert.Throws<ArgumentException>(() => new KernelCommandLine { Peer = "10.77.0.1" }.ToString());
    }
}
