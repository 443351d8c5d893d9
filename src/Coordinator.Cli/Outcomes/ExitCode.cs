namespace Coordinator.Cli.Outcomes;

/// <summary>What scripts branch on; the same list is the end of <c>coordctl --help</c>. Extended only.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Refused = 4;
    public const int Unreachable = 5;
    public const int InDoubt = 6;
    public const int Unwell = 7;

    /// <summary>128 + SIGINT, as shells report it.</summary>
    public const int Interrupted = 130;

    public const string Help = """
        Exit codes:
          0    done; a watched migration ended Verified or Verified(lap-blind)
          1    failed; a watched migration ended Failed, Cancelled or Lost
          2    usage: an argument or a value out of its range
          3    not found: no such VM, host, migration or node
          4    refused: it cannot be done as things are, the sentence says why
          5    no coordinator could be reached
          6    in doubt, or done with the verdict Suspect; alerts are there
          7    the cluster of coordinators is not well, or not in time what it was told to be
          130  interrupted; what was asked goes on at the coordinators
        """;
}
