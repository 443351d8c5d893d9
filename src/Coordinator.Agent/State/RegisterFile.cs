using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.State;

/// <summary>
/// The decision register of one attempt: the only thing that is made durable while a guest stands still. Everything slow is done before: the file
/// exists, its block has been written once (so that the filesystem allocates and converts nothing later), it is open, and the two possible blocks are
/// encoded. Setting it is one pwrite and one fdatasync. fdatasync and not O_DSYNC or O_DIRECT: all four combinations measured the same within noise
/// (ext4, virtio disk with a write cache), and this one works on every filesystem. It is also the only one whose sync can be told apart from the
/// write when a person traces it.
/// </summary>
public sealed class RegisterFile : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SafeFileHandle? _file;
    private readonly Action<SafeFileHandle> _sync;
    private readonly byte[] _empty;
    private readonly byte[] _run;
    private readonly byte[] _refused;
    private RegisterValue _value;
    private string? _doubt;

    private RegisterFile(RegisterSubject subject, SafeFileHandle? file, FileIdentity identity, RegisterValue value, string? doubt, Action<SafeFileHandle> sync)
    {
        Vm = subject.Vm;
        Attempt = subject.Attempt;
        _file = file;
        _sync = sync;
        _value = value;
        _doubt = doubt;
        _empty = RegisterBlock.Encode(subject, identity, RegisterValue.Empty);
        _run = RegisterBlock.Encode(subject, identity, RegisterValue.Run);
        _refused = RegisterBlock.Encode(subject, identity, RegisterValue.Refused);
    }

    public string Vm { get; }

    public long Attempt { get; }

    public RegisterValue Value
    {
        get
        {
            lock (_gate)
            {
                return _value;
            }
        }
    }

    /// <summary>Why <see cref="Value"/> is unknown.</summary>
    public string? Doubt
    {
        get
        {
            lock (_gate)
            {
                return _doubt;
            }
        }
    }

    /// <summary>
    /// Stores the decision if none is stored, and answers with what is stored. Returns only when it is on disk. Synchronous on purpose: the caller
    /// stands inside the blackout, and a hop to another thread costs more than it frees.
    /// A failed write makes this register unknown, because what the disk holds then is not known to anybody.
    /// </summary>
    public RegisterAnswer TrySet(RegisterValue decision)
    {
        var block = decision switch
        {
            RegisterValue.Run => _run,
            RegisterValue.Refused => _refused,
            _ => throw new ArgumentOutOfRangeException(nameof(decision), decision, "only run and refused are decisions"),
        };
        lock (_gate)
        {
            if (_value != RegisterValue.Empty || !Store(block))
            {
                return new RegisterAnswer(_value, SetNow: false, _doubt);
            }

            return new RegisterAnswer(_value = decision, SetNow: true, null);
        }
    }

    /// <summary>
    /// Takes <c>run</c> back: the caller has proven that the guest never ran here, in this life or by its record of an earlier one. The caller decides that, not
    /// this file. A register that does not hold <c>run</c> is left as it is.
    /// </summary>
    public RegisterAnswer Withdraw()
    {
        lock (_gate)
        {
            if (_value != RegisterValue.Run || !Store(_refused))
            {
                return new RegisterAnswer(_value, SetNow: false, _doubt);
            }

            return new RegisterAnswer(_value = RegisterValue.Refused, SetNow: true, null);
        }
    }

    /// <summary>
    /// Writes the present value again, through the same code and descriptor as <see cref="TrySet"/>: warms both and says how long the disk takes.
    /// Null when the register is unknown.
    /// </summary>
    public TimeSpan? Rehearse()
    {
        lock (_gate)
        {
            var start = Stopwatch.GetTimestamp();
            return _value != RegisterValue.Unknown && Store(BlockOf(_value)) ? Stopwatch.GetElapsedTime(start) : null;
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>The file and its name are on disk when this returns.</summary>
    /// <exception cref="AgentStoreException">The register cannot be made; nothing may be launched for the attempt.</exception>
    internal static RegisterFile Create(string path, RegisterSubject subject, Action<SafeFileHandle>? sync = null)
    {
        var unfinished = path + ".new";
        try
        {
            using (var file = File.OpenHandle(unfinished, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                RandomAccess.Write(file, RegisterBlock.Encode(subject, LinuxFileCalls.IdentityOf(file), RegisterValue.Empty), 0);
                RandomAccess.FlushToDisk(file);
            }

            // Under its final name the file is always whole: a crash before leaves only the ".new".
            File.Move(unfinished, path, overwrite: false);
            LinuxFileCalls.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentStoreException(StoreFault.Refused, $"the decision register {path} cannot be made: {e.Message}", e);
        }

        return Open(path, subject, sync);
    }

    /// <summary>
    /// Never throws for what it finds: a register that is missing or cannot be read is unknown. What was read is written and synced once more,
    /// because it may come from the page cache alone: an agent that was killed between write and sync, or whose sync failed, leaves a value there
    /// that the next host crash takes back.
    /// </summary>
    internal static RegisterFile Open(string path, RegisterSubject subject, Action<SafeFileHandle>? sync = null)
    {
        sync ??= LinuxFileCalls.SyncData;
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            var identity = LinuxFileCalls.IdentityOf(file);
            var block = new byte[RegisterBlock.SizeBytes];
            var length = RandomAccess.Read(file, block, 0);
            var (value, doubt) = RegisterBlock.Decode(block.AsSpan(0, length), subject, identity);
            var register = new RegisterFile(subject, file, identity, value, doubt, sync);
            register.Rehearse();
            return register;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            var doubt = e is FileNotFoundException or DirectoryNotFoundException ? "its file is missing" : $"its file cannot be read: {e.Message}";
            return new RegisterFile(subject, null, default, RegisterValue.Unknown, doubt, sync);
        }
    }

    private bool Store(byte[] block)
    {
        try
        {
            RandomAccess.Write(_file!, block, 0);
            _sync(_file!);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            _value = RegisterValue.Unknown;
            _doubt = $"writing it failed: {e.Message}";
            return false;
        }
    }

    private byte[] BlockOf(RegisterValue value) => value switch
    {
        RegisterValue.Empty => _empty,
        RegisterValue.Run => _run,
        RegisterValue.Refused => _refused,
        _ => throw new InvalidOperationException("an unknown register is never written"),
    };
}
