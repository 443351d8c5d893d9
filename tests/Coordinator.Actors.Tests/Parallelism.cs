// Most of the time of these tests is waiting: for heartbeats, leases and the start of processes. Twice as many as there are cores on the smallest machine that runs them.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
