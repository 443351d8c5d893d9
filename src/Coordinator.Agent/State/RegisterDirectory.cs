using System.Globalization;

namespace Coordinator.Agent.State;

/// <summary>All decision registers of one store: <c>registers/VM/ATTEMPT.register</c>. Get it from <see cref="AgentStore.Registers"/>.</summary>
public sealed class RegisterDirectory
{
    private const string Extension = ".register";

    private readonly string _directory;
    private readonly Guid _instanceId;

    internal RegisterDirectory(string directory, Guid instanceId)
    {
        _directory = directory;
        _instanceId = instanceId;
    }

    /// <summary>
    /// Makes the register, <c>empty</c> and durable before it returns. A repeated command finds the register of the first one, whatever it holds by
    /// then: nothing ever goes back to empty.
    /// </summary>
    /// <exception cref="AgentStoreException">It cannot be made; nothing may be launched for the attempt.</exception>
    public RegisterFile Create(string vm, long attempt)
    {
        var path = PathOf(vm, attempt);
        if (File.Exists(path))
        {
            return Open(vm, attempt);
        }

        try
        {
            LinuxFileCalls.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentStoreException(StoreFault.Refused, $"the directory of the decision register {path} cannot be made: {e.Message}", e);
        }

        return RegisterFile.Create(path, new RegisterSubject(vm, attempt, _instanceId));
    }

    /// <summary>Never throws for what it finds: a missing or unreadable register answers <see cref="RegisterValue.Unknown"/>. One open at a time.</summary>
    public RegisterFile Open(string vm, long attempt) => RegisterFile.Open(PathOf(vm, attempt), new RegisterSubject(vm, attempt, _instanceId));

    /// <summary>Registers that have a file, by VM and attempt. Only names are read; a file may still turn out unknown.</summary>
    public IReadOnlyList<(string Vm, long Attempt)> Existing()
    {
        if (!Directory.Exists(_directory))
        {
            return [];
        }

        return [.. Directory.EnumerateFiles(_directory, "*" + Extension, SearchOption.AllDirectories)
            .Select(path => (Vm: Path.GetFileName(Path.GetDirectoryName(path)!), Number: Path.GetFileNameWithoutExtension(path)))
            .Where(file => StoreKeys.IsVm(file.Vm) && long.TryParse(file.Number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(file => (file.Vm, long.Parse(file.Number, CultureInfo.InvariantCulture)))
            .OrderBy(file => file.Vm, StringComparer.Ordinal).ThenBy(file => file.Item2)];
    }

    /// <summary>For the clean-up of attempts whose migration is terminal; from then on the attempt answers unknown. False when there was none.</summary>
    public bool Delete(string vm, long attempt)
    {
        var path = PathOf(vm, attempt);
        if (!File.Exists(path))
        {
            return false;
        }

        File.Delete(path);
        LinuxFileCalls.SyncDirectory(Path.GetDirectoryName(path)!);
        return true;
    }

    private string PathOf(string vm, long attempt)
    {
        StoreKeys.RequireVm(vm);
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);
        return Path.Combine(_directory, vm, attempt.ToString(CultureInfo.InvariantCulture) + Extension);
    }
}
