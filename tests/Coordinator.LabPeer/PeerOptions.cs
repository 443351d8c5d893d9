namespace Coordinator.LabPeer;

/// <summary>
/// One peer serves one guest. Flow <c>i</c> uses UDP ports 7200 + i (the peer echoes the guest), 7300 + i (the peer sends from here) and,
/// at the guest, 7100 + i.
/// </summary>
/// <param name="Flows">1..64. More than the guest has is harmless: those get no echo and are reported as never answered.</param>
/// <param name="DatagramsPerSec">Of each flow, 0..20000; 0 only echoes.</param>
/// <param name="PayloadBytes">32..1400.</param>
/// <param name="GapThresholdMs">Silences of at least this length are listed. Under TCG on a shared machine 5 to 35 ms come without any migration (measured).</param>
/// <param name="AwaitGuest">
/// A flow begins to send when the guest's first datagram of that flow has come: its echo socket is open then, so nothing is lost to booting. False for guests that send nothing.
/// </param>
public sealed record PeerOptions(
    string PeerAddress,
    string GuestAddress,
    int Flows,
    int DatagramsPerSec = 250,
    int PayloadBytes = 64,
    int GapThresholdMs = 50,
    bool AwaitGuest = true)
{
    public const int PeerEchoPort = 7200;
    public const int PeerSendPort = 7300;
    public const int GuestEchoPort = 7100;
    public const int FlowLimit = 64;

    public void Validate()
    {
        Within(Flows, 1, FlowLimit, nameof(Flows));
        Within(DatagramsPerSec, 0, 20_000, nameof(DatagramsPerSec));
        Within(PayloadBytes, Datagram.HeadBytes, 1400, nameof(PayloadBytes));
        Within(GapThresholdMs, 1, 60_000, nameof(GapThresholdMs));
    }

    static void Within(int value, int lowest, int highest, string name)
    {
        if (value < lowest || value > highest)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {lowest}..{highest}");
    }
}
