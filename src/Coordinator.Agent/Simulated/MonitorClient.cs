using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Messages = System.Threading.Channels.Channel<System.Text.Json.Nodes.JsonObject>;
using Queue = System.Threading.Channels.Channel;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// One conversation on a monitor. In-band commands are carried out one after the other when the main lock is free; out-of-band ones at once. Events and answers leave in the order in
/// which they came about.
/// </summary>
internal sealed class MonitorClient(Socket socket, SimulatedMachine machine)
{
    /// <summary>QEMU stops reading a monitor at this many waiting in-band commands, out-of-band ones included (measured).</summary>
    private const int WaitingAtMost = 8;

    private readonly Messages _said = Queue.CreateUnbounded<JsonObject>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Messages _waiting = Queue.CreateBounded<JsonObject>(WaitingAtMost);
    private bool _isNegotiated;

    /// <summary>An event; those before the negotiation are not told (as in QEMU).</summary>
    public void Tell(JsonObject happened)
    {
        if (Volatile.Read(ref _isNegotiated))
        {
            _said.Writer.TryWrite(happened);
        }
    }

    /// <summary>Until the client goes or the machine ends; what was said before is sent.</summary>
    public async Task ServeAsync(CancellationToken ended)
    {
        Task writing = WriteAsync();
        using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(ended);
        Task executing = ExecuteAsync(gone.Token);
        _said.Writer.TryWrite(MonitorGreeting.Message());
        try
        {
            await ReadAsync(gone.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or JsonException)
        {
            // The client has gone, or is none.
        }

        finally
        {
            await gone.CancelAsync();
            _waiting.Writer.TryComplete();
            await executing;
            _said.Writer.TryComplete();
            await writing;
            socket.Dispose();
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        JsonObjects commands = new();
        byte[] buffer = new byte[4096];
        while (true)
        {
            int count = await socket.ReceiveAsync(buffer, cancellation);
            if (count == 0)
            {
                return;
            }

            foreach (JsonObject command in commands.Take(buffer.AsSpan(0, count)))
            {
                await ReceiveAsync(command, cancellation);
            }
        }
    }

    private async Task ReceiveAsync(JsonObject command, CancellationToken cancellation)
    {
        if (command["exec-oob"] is { } urgent)
        {
            string name = NameOf(urgent);
            _said.Writer.TryWrite(SimulatedMachine.IsOutOfBand(name)
                ? await AnswerAsync(name, command)
                : Failed(command, new QmpFailure($"The command {name} does not support OOB")));
            return;
        }

        await _waiting.Writer.WriteAsync(command, cancellation);
    }

    private async Task ExecuteAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (JsonObject command in _waiting.Reader.ReadAllAsync(cancellation))
            {
                string name = NameOf(command["execute"]);
                if (!_isNegotiated)
                {
                    _isNegotiated = name == "qmp_capabilities";
                    _said.Writer.TryWrite(_isNegotiated ? Succeeded(command, new JsonObject()) : Failed(command, new QmpFailure(
                        $"Expecting capabilities negotiation with 'qmp_capabilities'", QmpFailure.NoSuchCommand)));
                    continue;
                }

                await machine.Free.WaitAsync(cancellation);
                _said.Writer.TryWrite(await AnswerAsync(name, command));
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>Empty for what is no text: no command has that name.</summary>
    private static string NameOf(JsonNode? word) => word is JsonValue value && value.TryGetValue(out string? name) ? name : "";

    private async Task<JsonObject> AnswerAsync(string name, JsonObject command)
    {
        try
        {
            return Succeeded(command, await machine.ExecuteAsync(name, command["arguments"] as JsonObject ?? []));
        }
        catch (QmpFailure e)
        {
            return Failed(command, e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or NullReferenceException)
        {
            return Failed(command, new QmpFailure($"Invalid parameter type: {e.Message}"));
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (JsonObject message in _said.Reader.ReadAllAsync())
            {
                byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message), (byte)'\r', (byte)'\n'];
                for (int sent = 0; sent < line.Length;)
                {
                    sent += await socket.SendAsync(line.AsMemory(sent));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private static JsonObject Succeeded(JsonObject command, JsonNode result) => WithId(command, new JsonObject { ["return"] = result });

    private static JsonObject Failed(JsonObject command, QmpFailure failure) =>
        WithId(command, new JsonObject { ["error"] = new JsonObject { ["class"] = failure.ErrorClass, ["desc"] = failure.Message } });

    private static JsonObject WithId(JsonObject command, JsonObject reply)
    {
        if (command["id"] is { } id)
        {
            reply["id"] = id.DeepClone();
        }

        return reply;
    }
}
