namespace Coordinator.Agent.State;

/// <summary>
/// Tells a file from a copy of it: a state directory that was restored from a backup must not answer for the one that was lost. A snapshot of the
/// whole filesystem keeps both values; that is noticed only from outside, by <see cref="AgentStore.LastSequence"/> going backwards.
/// </summary>
internal readonly record struct FileIdentity(ulong Inode, long BirthNanoseconds);
