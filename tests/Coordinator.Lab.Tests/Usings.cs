global using Xunit;

// The tests with real guests measure time and load on a small machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
