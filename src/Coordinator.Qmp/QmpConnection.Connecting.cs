using System.Globalization;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Coordinator.Qmp.Framing;

namespace Coordinator.Qmp;

partial class QmpConnection
{
    const string OneClient =
        "another client may hold this monitor (QEMU serves one client per monitor at a time; close that client, or give QEMU a second -qmp socket)";

    static readonly QmpCommand EnableOutOfBand = new("qmp_capabilities", new { Enable = new[] { "oob" } });
    static readonly QmpCommand EnableNothing = new("qmp_capabilities");

    /// <param name="endpoint">Where to.</param>
    /// <param name="options">For the deadline's figure.</param>
    /// <param name="either">The deadline or the caller.</param>
    /// <param name="caller">The caller alone, to tell which it was.</param>
    static async Task<Socket> OpenSocketAsync(QmpEndpoint endpoint, QmpOptions options, CancellationToken either, CancellationToken caller)
    {
        var socket = endpoint.CreateSocket();
        try
        {
            await socket.ConnectAsync(endpoint.ToSocketAddress(), either);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new QmpConnectException($"No connection to the monitor at {endpoint}: {Explain(e)}.", e.SocketErrorCode, e);
        }
        catch (OperationCanceledException e) when (!caller.IsCancellationRequested)
        {
            socket.Dispose();
            throw new QmpConnectException(
                $"No connection to the monitor at {endpoint} within {Milliseconds(options.ConnectDeadline)}.", SocketError.TimedOut, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static string Explain(SocketException e) => e.SocketErrorCode switch
    {
        // Linux answers EAGAIN when a Unix listener's backlog is full; QEMU's backlog is 1 and it accepts one client at a time.
        SocketError.WouldBlock => $"its queue of waiting clients is full; {OneClient}",
        SocketError.ConnectionRefused => "nobody listens there; the QEMU process may be gone",
        SocketError.AddressNotAvailable => "there is no such socket; was QEMU started with this -qmp path?",
        _ => e.Message,
    };

    async Task NegotiateAsync(CancellationToken either, CancellationToken caller)
    {
        try
        {
            var greeting = await _greeting.Task.WaitAsync(either);
            var enable = greeting.OffersOutOfBand ? EnableOutOfBand : EnableNothing;
            var replies = await RunAsync([enable], _inBand, Timeout.InfiniteTimeSpan, either);
            if (replies[0].Error is { } error)
                throw new QmpProtocolException($"The monitor at {Endpoint} refused the capabilities it had offered: {ProtocolViolation.Cut(error.Description)}");
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            throw NotReady();
        }
        catch (QmpClosedException e) when (e.Reason.Cause is QmpProtocolException violation)
        {
            ExceptionDispatchInfo.Throw(violation);
        }
    }

    QmpGreetingException NotReady()
    {
        var within = Milliseconds(_options.ConnectDeadline);
        var received = Interlocked.Read(ref _receivedBytes);
        var message = _greeting.Task.IsCompletedSuccessfully
            ? $"The monitor at {Endpoint} greeted but did not answer qmp_capabilities within {within}: QEMU's main loop may be stuck."
            : received == 0
                ? $"The monitor at {Endpoint} accepted the connection but sent no greeting within {within}: {OneClient}."
                : $"The monitor at {Endpoint} sent {received.ToString(CultureInfo.InvariantCulture)} bytes but no complete greeting within {within}.";
        return new QmpGreetingException(message, received);
    }

    static string Milliseconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms");
}
