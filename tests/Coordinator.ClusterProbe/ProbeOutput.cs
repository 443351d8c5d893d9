namespace Coordinator.ClusterProbe;

static class ProbeOutput
{
    private static readonly Lock Gate = new();

    public static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>One fact, whole and at once: the test may kill this process at the next instruction.</summary>
    public static void Say(string fact)
    {
        lock (Gate)
        {
            Console.Out.WriteLine(fact);
            Console.Out.Flush();
        }
    }
}
