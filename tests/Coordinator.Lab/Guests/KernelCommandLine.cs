namespace Coordinator.Lab.Guests;

/// <summary>What the guest's load does; every parameter is described in tests/guest/README.md. The guest refuses what is out of range, so this type refuses it first.</summary>
public sealed record KernelCommandLine
{
    /// <summary>1..10000. One line of some 70 characters each: at 10 ms about a tenth of one TCG vCPU.</summary>
    public int TickMs { get; init; } = 10;

    /// <summary>0 = no dirtying. The guest needs 8 MiB more than this to be available, and its kernel about 50 MiB.</summary>
    public int DirtyMib { get; init; }

    public int DirtyMibPerSec { get; init; }

    /// <summary>Null = no network.</summary>
    public string? Address { get; init; }

    public int PrefixLength { get; init; } = 24;

    /// <summary>Null = the guest only echoes.</summary>
    public string? Peer { get; init; }

    /// <summary>Of each flow, 0..20000; one flow per queue pair. 250 moves every data queue by 500 per second when the peer sends as many.</summary>
    public int DatagramsPerSec { get; init; } = 250;

    public int PayloadBytes { get; init; } = 64;

    /// <summary>Kernel messages other than errors on the console; the judge passes them over.</summary>
    public bool Verbose { get; init; }

    public override string ToString()
    {
        Within(TickMs, 1, 10_000, nameof(TickMs));
        Within(DirtyMib, 0, 65_536, nameof(DirtyMib));
        Within(DirtyMibPerSec, 0, 65_536, nameof(DirtyMibPerSec));
        Within(DatagramsPerSec, 0, 20_000, nameof(DatagramsPerSec));
        Within(PayloadBytes, 32, 1_400, nameof(PayloadBytes));
        if (DirtyMib == 0 != (DirtyMibPerSec == 0))
            throw new ArgumentException($"{nameof(DirtyMib)} and {nameof(DirtyMibPerSec)} are given together or not at all");
        if (Peer is not null && Address is null)
            throw new ArgumentException($"{nameof(Peer)} needs an {nameof(Address)}");
        // panic=-1 with -no-reboot ends QEMU at a kernel panic instead of leaving a hung guest.
        List<string> words = ["console=ttyS0", "panic=-1", $"load.tick={TickMs}", $"load.dirty={DirtyMib}:{DirtyMibPerSec}"];
        if (!Verbose)
            words.Add("quiet");
        if (Address is not null)
            words.AddRange([$"load.ip={Address}/{PrefixLength}", $"load.rate={DatagramsPerSec}", $"load.payload={PayloadBytes}"]);
        if (Peer is not null)
            words.Add($"load.peer={Peer}");
        return string.Join(' ', words);
    }

    static void Within(int value, int lowest, int highest, string name)
    {
        if (value < lowest || value > highest)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {lowest}..{highest}");
    }
}
