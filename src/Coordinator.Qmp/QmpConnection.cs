using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Coordinator.Qmp.Commands;
using Coordinator.Qmp.Framing;
using Microsoft.Extensions.Logging;

namespace Coordinator.Qmp;

/// <summary>
/// One client connection to a QEMU monitor. Commands may be issued from any thread; in-band ones are executed in the order they were
/// issued. After the end of the connection nothing is repeated: see <see cref="QmpSession"/>.
/// </summary>
public sealed partial class QmpConnection : IAsyncDisposable
{
    const int ReadBufferBytes = 16 * 1024;

    readonly QmpOptions _options;
    readonly ILogger _logger;
    readonly IQmpTap? _tap;
    readonly Socket _socket;
    readonly NetworkStream _stream;
    readonly PipeReader _input;
    readonly MessageFramer _framer;
    readonly Channel<QmpEvent> _events;
    readonly TaskCompletionSource<Greeting> _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<QmpClosedReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Guards lanes, outstanding commands, the buffer to be sent and the closed reason; held for short, never over I/O or callbacks.</summary>
    readonly Lock _gate = new();
    readonly CommandId _ids = new();
    readonly CommandLane _inBand;
    readonly CommandLane _outOfBand;
    readonly Dictionary<long, PendingCommand> _outstanding = [];

    Task _readLoop = Task.CompletedTask;
    QmpClosedReason? _closedReason;
    long _lastNumber;

    QmpConnection(QmpEndpoint endpoint, QmpOptions options, Socket socket)
    {
        Endpoint = endpoint;
        _options = options;
        _logger = options.Logger;
        _tap = options.Tap?.Invoke();
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: false);
        _input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, leaveOpen: true));
        _framer = new MessageFramer(options.MaxMessageBytes, options.MaxDepth);
        _inBand = new CommandLane("in-band", "execute", CommandLane.InBandOutstandingLimit, options.MaxWaitingCommands);
        _outOfBand = new CommandLane("out-of-band", "exec-oob", CommandLane.OutOfBandOutstandingLimit, CommandLane.OutOfBandWaitingLimit);
        // Synchronous continuations: a reader that waits is resumed on the read loop itself, without a hop to another thread.
        _events = Channel.CreateBounded<QmpEvent>(new BoundedChannelOptions(options.EventCapacity)
        {
            SingleWriter = true,
            AllowSynchronousContinuations = true,
        });
    }

    public QmpEndpoint Endpoint { get; }

    public QmpVersion Version { get; private set; } = new(0, 0, 0, "");

    /// <summary>True when the monitor offered out-of-band execution and it was switched on.</summary>
    public bool OutOfBand { get; private set; }

    /// <summary>
    /// Events in order of arrival; empty when <see cref="QmpOptions.OnEvent"/> takes them. A waiting reader continues on the read loop,
    /// so what it does before its next await delays everything behind that event, and it must not block on a command.
    /// The channel ends with the connection; unless that was disposed, with a <see cref="QmpClosedException"/>.
    /// </summary>
    public ChannelReader<QmpEvent> Events => _events.Reader;

    /// <summary>Never faults; completes with the reason when the connection has ended.</summary>
    public Task<QmpClosedReason> Closed => _closed.Task;

    /// <exception cref="QmpConnectException">the socket cannot be opened</exception>
    /// <exception cref="QmpGreetingException">no complete greeting in time; another client may hold the monitor</exception>
    /// <exception cref="QmpProtocolException">the peer is no QMP monitor, or refused the capabilities it had offered</exception>
    /// <exception cref="QmpClosedException">the peer closed the connection before it was ready</exception>
    public static async Task<QmpConnection> ConnectAsync(QmpEndpoint endpoint, QmpOptions options, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(options);
        options.Validated();
        using var deadline = new CancellationTokenSource(options.ConnectDeadline, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        var socket = await OpenSocketAsync(endpoint, options, either.Token, ct);
        var connection = new QmpConnection(endpoint, options, socket);
        try
        {
            connection._readLoop = connection.ReadLoopAsync();
            await connection.NegotiateAsync(either.Token, ct);
            connection.LogConnected(endpoint, connection.Version, connection.OutOfBand);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Executes one command in its turn and returns what it returned.</summary>
    /// <param name="command">As QEMU spells it.</param>
    /// <param name="arguments">See <see cref="QmpCommand(string, object?)"/>.</param>
    /// <param name="deadline">From now to the reply, waiting in the queue included; <see cref="QmpOptions.CommandDeadline"/> when null.</param>
    /// <param name="ct">Gives up waiting. A command already sent is still executed.</param>
    /// <exception cref="QmpCommandException">QEMU answered with an error</exception>
    /// <exception cref="QmpTimeoutException">no answer in time; a late one is dropped by its id</exception>
    /// <exception cref="QmpBusyException">too many commands wait</exception>
    /// <exception cref="QmpClosedException">the connection is or was closed</exception>
    public Task<JsonElement> ExecuteAsync(string command, object? arguments = null, TimeSpan? deadline = null, CancellationToken ct = default) =>
        ExecuteAsync(new QmpCommand(command, arguments), deadline, ct);

    /// <inheritdoc cref="ExecuteAsync(string, object?, TimeSpan?, CancellationToken)"/>
    public async Task<JsonElement> ExecuteAsync(QmpCommand command, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return (await RunAsync([command], _inBand, deadline, ct))[0].Result;
    }

    /// <summary>
    /// Executes a command past the in-band queue, even while QEMU's main loop is stuck. Only commands with allow-oob in QEMU's schema
    /// can: yank, migrate-recover, migrate-pause, query-yank and few others; QEMU refuses the rest with a GenericError.
    /// </summary>
    /// <exception cref="InvalidOperationException">the monitor offers no out-of-band execution</exception>
    public Task<JsonElement> ExecuteOutOfBandAsync(
        string command, object? arguments = null, TimeSpan? deadline = null, CancellationToken ct = default) =>
        ExecuteOutOfBandAsync(new QmpCommand(command, arguments), deadline, ct);

    /// <inheritdoc cref="ExecuteOutOfBandAsync(string, object?, TimeSpan?, CancellationToken)"/>
    public async Task<JsonElement> ExecuteOutOfBandAsync(QmpCommand command, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!OutOfBand)
            throw new InvalidOperationException($"{command.Name} cannot be executed out of band: the monitor at {Endpoint} offers no 'oob' capability.");
        return (await RunAsync([command], _outOfBand, deadline, ct))[0].Result;
    }

    /// <summary>Pipelines many in-band commands under one deadline; replies come in the order of the commands, errors among them.</summary>
    /// <exception cref="QmpTimeoutException">not all were answered in time; says how many were</exception>
    public Task<QmpReply[]> ExecuteManyAsync(IReadOnlyList<QmpCommand> commands, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(commands);
        if (commands.Contains(null))
            throw new ArgumentException("A command is null.", nameof(commands));
        return commands.Count == 0 ? Task.FromResult<QmpReply[]>([]) : RunAsync(commands, _inBand, deadline, ct);
    }

    /// <summary>Closes the socket; everything pending fails with <see cref="QmpClosedException"/>. Harmless when repeated.</summary>
    public async ValueTask DisposeAsync()
    {
        Close(new QmpClosedReason(QmpClosedKind.Disposed, "disposed by its owner"));
        await _readLoop;
    }
}
