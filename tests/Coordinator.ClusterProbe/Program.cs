using Coordinator.ClusterProbe;

// A process that tests can kill, stop and continue. Commands arrive on standard input, one a line; facts leave on standard output, one a line; logs go to
// standard error. End of input ends the process, so that no probe outlives its test.
return args switch
{
    ["node", var port, var others, var database] => await NodeProbe.RunAsync(int.Parse(port), others, database, null),
    ["node", var port, var others, var database, var config] => await NodeProbe.RunAsync(int.Parse(port), others, database, config),
    ["lease", var name, var database, var timeToLiveMs] => await LeaseProbe.RunAsync(name, database, int.Parse(timeToLiveMs)),
    ["journal"] => await JournalMeasure.RunAsync(),
    ["journal-of", var database, var seconds] => await JournalMeasure.RunBareAsync(database, TimeSpan.FromSeconds(int.Parse(seconds))),
    _ => throw new ArgumentException("node PORT SEEDS|database|dns:NAME:PORT DATABASE [CONFIG] | lease NAME DATABASE TTL_MS | journal | journal-of DATABASE SECONDS"),
};
