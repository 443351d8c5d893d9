using Coordinator.ClusterProbe;

// A process that tests can kill, stop and continue. Commands arrive on standard input, one a line; facts leave on standard output, one a line; logs go to
// standard error. End of input ends the process, so that no probe outlives its test.
return args switch
{
    ["node", var port, var seeds, var database] => await NodeProbe.RunAsync(int.Parse(port), [.. seeds.Split(',')], database, null),
    ["node", var port, var seeds, var database, var config] => await NodeProbe.RunAsync(int.Parse(port), [.. seeds.Split(',')], database, config),
    ["lease", var name, var database, var timeToLiveMs] => await LeaseProbe.RunAsync(name, database, int.Parse(timeToLiveMs)),
    _ => throw new ArgumentException("node PORT SEEDS DATABASE [CONFIG] | lease NAME DATABASE TTL_MS"),
};
