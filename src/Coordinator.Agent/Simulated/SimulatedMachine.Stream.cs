using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coordinator.Domain.QemuModel;
using ModelProcess = Coordinator.Domain.QemuModel.QemuProcess;

namespace Coordinator.Agent.Simulated;

/// <summary>The stream of one migration, at either end.</summary>
internal sealed partial class SimulatedMachine
{
    /// <summary>Small enough that a change of the bandwidth is felt at once, and that a yank need not wait.</summary>
    private const int ChunksPerSecond = 20;
    private const int ChunkBytesAtMost = 64 << 10;

    /// <summary>In a copy by time; more often in a short one than <see cref="s_signOfLifeAtMost"/>.</summary>
    private const int SignsOfLife = 20;

    private static readonly TimeSpan s_signOfLifeAtMost = TimeSpan.FromSeconds(5);
    private static readonly byte[] s_signOfLife = new byte[64];

    private static readonly ModelProcess s_listening = new() { Life = ProcessLife.Alive, Run = RunState.InMigrate, Status = MigrationStatus.Setup };

    private readonly SwitchoverTimes _switchover = new();
    private SimulatedStream? _stream;
    private StreamState? _arrived;
    private int _port;
    private int _attempt;
    private int _moves;
    private long _bandwidthBytesPerSec = 128L << 20;
    private long _sentBytes;

    private async Task ConnectAsync(string uri, int attempt)
    {
        SimulatedStream stream;
        try
        {
            stream = await SimulatedStream.ConnectAsync(uri, _stop.Token);
        }
        catch (Exception e) when (e is SocketException or FormatException or OperationCanceledException)
        {
            lock (_gate)
            {
                if (attempt == _attempt)
                {
                    _error = $"Failed to connect to '{uri["tcp:".Length..]}': {e.Message}";
                    Take(QemuStepKind.ConnectionRefused, Side.Source);
                }
            }

            return;
        }

        lock (_gate)
        {
            // That somebody listens is what a connection proves of the other end.
            _pair = attempt == _attempt ? _pair with { Destination = s_listening } : _pair;
            if (attempt != _attempt || !Take(QemuStepKind.Connects, Side.Source))
            {
                stream.Dispose();
                return;
            }

            _stream = stream;
            TellMigration("MIGRATION_PASS", new JsonObject { ["pass"] = 1 });
        }

        _ = HearAsync(stream, attempt);
        await CopyAsync(stream, attempt);
    }

    private async Task CopyAsync(SimulatedStream stream, int attempt)
    {
        try
        {
            StreamHello hello;
            lock (_gate)
            {
                hello = new StreamHello(_line.Uuid, _line.MachineType, _line.Devices, Self.Capabilities.HasFlag(QemuCapabilities.ReturnPath));
            }

            await stream.SendRecordAsync(StreamFrameKind.Hello, hello, _stop.Token);
            await (_line.CopyTime is { } time ? PassTimeAsync(stream, time.Draw(_line.Uuid, _moves), attempt) : SendMemoryAsync(stream, _line.CopyBytes, attempt, isPaced: true));
            lock (_gate)
            {
                if (attempt != _attempt || !Take(QemuStepKind.Converges, Side.Source))
                {
                    return;
                }

                _switchover.Stopped();
                TellMigration("MIGRATION_PASS", new JsonObject { ["pass"] = 2 });
                if (!Self.MonitorBlocked)
                {
                    return;
                }
            }

            await FinishAsync(stream, attempt);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Lose(attempt, StreamLink.ClosedByDestination, e.Message);
        }
    }

    /// <summary>The migration thread wakes up.</summary>
    private async Task ContinueAsync(int attempt)
    {
        SimulatedStream? stream;
        lock (_gate)
        {
            if (attempt != _attempt || !Take(QemuStepKind.Continues, Side.Source))
            {
                return;
            }

            Advance();
            stream = Self.MonitorBlocked ? _stream : null;
        }

        if (stream is not null)
        {
            await FinishAsync(stream, attempt);
        }
    }

    /// <summary>The last memory and the devices, under the main lock. A network that stands still holds it, as it holds QEMU's.</summary>
    private async Task FinishAsync(SimulatedStream stream, int attempt)
    {
        try
        {
            StreamState state;
            lock (_gate)
            {
                state = new StreamState(_pair.Stream.Guest, Self.GuestWasReset, _rings.IsDriven, _rings.RanMicros) { Moves = _moves + 1 };
                Advance();
            }

            await SendMemoryAsync(stream, _line.TailBytes, attempt, isPaced: false);
            await stream.SendRecordAsync(StreamFrameKind.State, state, _stop.Token);
            lock (_gate)
            {
                if (attempt == _attempt)
                {
                    Take(QemuStepKind.DeviceStateSent, Side.Source);
                    Take(QemuStepKind.LockReleased, Side.Source);
                    Advance();
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Lose(attempt, StreamLink.ClosedByDestination, e.Message);
        }
    }

    /// <summary>A copy of a given length that costs next to nothing: its bytes are counted and not sent, but for a sign of life now and then, by which the other end notices a cut.</summary>
    private async Task PassTimeAsync(SimulatedStream stream, TimeSpan lasts, int attempt)
    {
        int parts = (int)Math.Clamp(lasts / s_signOfLifeAtMost, SignsOfLife, 1_000_000);
        for (int part = 1; part <= parts && attempt == Volatile.Read(ref _attempt); part++)
        {
            await stream.SendAsync(StreamFrameKind.Memory, s_signOfLife, _stop.Token);
            await Task.Delay(lasts / parts, _stop.Token);
            Interlocked.Exchange(ref _sentBytes, _line.CopyBytes * part / parts);
        }
    }

    private async Task SendMemoryAsync(SimulatedStream stream, long bytes, int attempt, bool isPaced)
    {
        for (long left = bytes; left > 0 && attempt == Volatile.Read(ref _attempt);)
        {
            long bandwidth = Math.Max(1, Interlocked.Read(ref _bandwidthBytesPerSec));
            int chunk = (int)Math.Min(left, Math.Clamp(bandwidth / ChunksPerSecond, 1, ChunkBytesAtMost));
            await stream.SendAsync(StreamFrameKind.Memory, new byte[chunk], _stop.Token);
            left -= chunk;
            Interlocked.Add(ref _sentBytes, chunk);
            if (isPaced && chunk * 1_000L / bandwidth is > 0 and var pauseMs)
            {
                await Task.Delay((int)Math.Min(pauseMs, 1_000), _stop.Token);
            }
        }
    }

    /// <summary>The return path.</summary>
    private async Task HearAsync(SimulatedStream stream, int attempt)
    {
        string reason = "Unable to read from socket: Connection reset by peer";
        try
        {
            while (await stream.ReceiveAsync(_stop.Token) is { } heard)
            {
                lock (_gate)
                {
                    bool isWaitedFor = attempt == _attempt && _pair.Stream.Acknowledgement == Acknowledgement.Awaited;
                    Acknowledgement word = heard.Kind == StreamFrameKind.Loaded ? Acknowledgement.Loaded : Acknowledgement.LoadFailed;
                    if (isWaitedFor)
                    {
                        _pair = _pair with { Stream = _pair.Stream with { Acknowledgement = word } };
                        Advance();
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            reason = e.Message;
        }

        Lose(attempt, StreamLink.ClosedByDestination, reason);
    }

    /// <summary>The other end has closed the stream, or the network has broken it.</summary>
    private void Lose(int attempt, StreamLink link, string reason)
    {
        lock (_gate)
        {
            if (attempt != _attempt || _pair.Stream.Link != StreamLink.Open)
            {
                return;
            }

            _error = reason;
            _pair = _pair with { Stream = _pair.Stream with { Link = link } };
            Advance();
        }
    }

    /// <exception cref="SocketException">The address cannot be bound.</exception>
    private void Listen(IPEndPoint address)
    {
        Socket listener = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(address);
            listener.Listen(1);
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        _port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _ = AcceptAsync(listener);
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            Socket accepted;
            using (listener)
            {
                accepted = await listener.AcceptAsync(_stop.Token);
            }

            SimulatedStream stream = new(accepted);
            lock (_gate)
            {
                _stream = stream;
                _pair = _pair with { Source = new ModelProcess { Life = ProcessLife.Alive, Run = RunState.Running, Status = MigrationStatus.Setup, Capabilities = QemuCapabilities.ReturnPath } };
                Take(QemuStepKind.Connects, Side.Source);
            }

            await LoadAsync(stream);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException or JsonException)
        {
            Lose(_attempt, StreamLink.ClosedBySource, e.Message);
        }
    }

    private async Task LoadAsync(SimulatedStream stream)
    {
        while (await stream.ReceiveAsync(_stop.Token) is { } heard)
        {
            lock (_gate)
            {
                switch (heard.Kind)
                {
                    case StreamFrameKind.Hello:
                        Meet(JsonSerializer.Deserialize<StreamHello>(heard.Payload)!);
                        break;
                    case StreamFrameKind.State:
                        StreamState state = JsonSerializer.Deserialize<StreamState>(heard.Payload)!;
                        _arrived = state;
                        _pair = _pair with { Stream = _pair.Stream with { Sent = SentPart.Everything, Guest = state.Guest, GuestWasReset = state.GuestWasReset } };
                        Advance();
                        break;
                    case StreamFrameKind.Memory:
                        break;
                    default:
                        throw new IOException("Not a migration stream");
                }
            }
        }

        Lose(_attempt, StreamLink.ClosedBySource, "load of migration failed: Input/output error");
    }

    private void Meet(StreamHello hello)
    {
        if (!hello.AsksForWord)
        {
            _pair = _pair with { Stream = _pair.Stream with { Acknowledgement = Acknowledgement.NotAsked } };
        }

        bool isAnother = _capabilities.Contains("validate-uuid") && hello.Uuid != _line.Uuid;
        bool fits = hello.MachineType == _line.MachineType && hello.Devices.Count == _line.Devices.Count && hello.Devices.Zip(_line.Devices).All(pair => pair.First.LoadsInto(pair.Second));
        if (isAnother || !fits)
        {
            _refusesLoad = true;
            _error = isAnother ? $"UUID received is {hello.Uuid} and local is {_line.Uuid}" : "Unknown savevm section or instance: the devices differ";
        }
    }

    private void Follow(QemuStepKind kind)
    {
        switch (kind)
        {
            case QemuStepKind.Acknowledges:
                Say(StreamFrameKind.Loaded);
                break;
            case QemuStepKind.LoadFails:
                Say(StreamFrameKind.LoadFailed);
                Complains($"qemu-system-x86_64: {(_error.Length > 0 ? _error : "error while loading state")}\nqemu-system-x86_64: load of migration failed: Invalid argument");
                break;
            case QemuStepKind.StreamEndsEarly:
                Complains("qemu-system-x86_64: load of migration failed: Input/output error");
                break;
            case QemuStepKind.Completes or QemuStepKind.Fails:
                _stream?.Shutdown();
                break;
            default:
                break;
        }
    }

    /// <summary>A few bytes into a buffer that is empty: it need not be waited for.</summary>
    private void Say(StreamFrameKind word)
    {
        if (_stream is { } stream)
        {
            _ = SayAsync(stream, word);
        }
    }

    private async Task SayAsync(SimulatedStream stream, StreamFrameKind word)
    {
        try
        {
            await stream.SendAsync(word, ReadOnlyMemory<byte>.Empty, _stop.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return;
        }
    }
}
