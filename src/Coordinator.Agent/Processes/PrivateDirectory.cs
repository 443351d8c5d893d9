using Coordinator.Agent.State;

namespace Coordinator.Agent.Processes;

/// <summary>
/// A directory that only this user can enter. Mode 0700 alone is not enough: in a shared /tmp somebody may have made it before, and an owner can
/// change the mode back.
/// </summary>
internal static class PrivateDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="IOException">It belongs to another user, or cannot be made.</exception>
    public static void Ensure(string path)
    {
        Directory.CreateDirectory(path, OwnerOnly);
        var owner = LinuxFileCalls.OwnerOf(path);
        if (owner != LinuxProcessCalls.EffectiveUserId())
        {
            throw new IOException($"the directory {path} belongs to user {owner} and not to the agent's user; remove it, or choose another directory.");
        }

        if (File.GetUnixFileMode(path) != OwnerOnly)
        {
            File.SetUnixFileMode(path, OwnerOnly);
        }
    }
}
