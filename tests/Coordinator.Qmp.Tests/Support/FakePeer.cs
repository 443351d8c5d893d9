using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Coordinator.Qmp.Tests.Support;

/// <summary>The peer's end of one connection.</summary>
sealed class FakePeer : IAsyncDisposable
{
    public const string GreetingWithoutOutOfBand =
        """{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": []}}""";

    public const string GreetingWithOutOfBand =
        """{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}""";

    readonly Socket _socket;
    readonly StreamReader _reader;

    public FakePeer(Socket socket)
    {
        _socket = socket;
        _reader = new StreamReader(new NetworkStream(socket, ownsSocket: true), Encoding.UTF8);
    }

    public async Task NegotiateAsync(bool offersOutOfBand)
    {
        await SendAsync(offersOutOfBand ? GreetingWithOutOfBand : GreetingWithoutOutOfBand);
        var command = await ReadAsync();
        Assert.Equal("qmp_capabilities", command.Name);
        Assert.Equal(offersOutOfBand, command.Text.Contains("""{"enable":["oob"]}""", StringComparison.Ordinal));
        await ReturnAsync(command);
    }

    public Task SendAsync(string message) => SendBytesAsync(Encoding.UTF8.GetBytes(message + "\r\n"));

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().InTime()..];
    }

    public Task ReturnAsync(FakeCommand command, string result = "{}") => SendAsync($$"""{"return": {{result}}, "id": "{{command.Id}}"}""");

    public Task RefuseAsync(FakeCommand command, string description) =>
        SendAsync($$$"""{"id": "{{{command.Id}}}", "error": {"class": "GenericError", "desc": "{{{description}}}"}}""");

    public Task SendEventAsync(string name, string data = "{}", long seconds = 1_795_390_547, long microseconds = 428_668) =>
        SendAsync($$$"""{"timestamp": {"seconds": {{{seconds}}}, "microseconds": {{{microseconds}}}}, "event": "{{{name}}}", "data": {{{data}}}}""");

    public async Task<FakeCommand> ReadAsync() => FakeCommand.Parse(await ReadLineAsync());

    public async Task<string> ReadLineAsync()
    {
        var line = await _reader.ReadLineAsync().InTime();
        Assert.True(line is not null, "The client closed the connection where a command was expected.");
        return line;
    }

    /// <summary>The first characters of a line whose end need not have been sent.</summary>
    public async Task<string> ReadBytesAsync(int count)
    {
        var characters = new char[count];
        Assert.Equal(count, await _reader.ReadBlockAsync(characters.AsMemory()).AsTask().InTime());
        return new string(characters);
    }

    /// <summary>True when the client has closed its side; a command instead is a failure.</summary>
    public async Task AssertClosedAsync()
    {
        try
        {
            Assert.Null(await _reader.ReadLineAsync().InTime());
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }
    }

    /// <summary>Something of what the client sent has not been read yet.</summary>
    public bool HasBytes => _socket.Available > 0;

    public void StopSending() => _socket.Shutdown(SocketShutdown.Send);

    public void StopReceiving() => _socket.Shutdown(SocketShutdown.Receive);

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }
}

sealed record FakeCommand(string Name, string Id, bool IsOutOfBand, JsonElement Body, string Text)
{
    public static FakeCommand Parse(string line)
    {
        var body = JsonElement.Parse(line);
        var isOutOfBand = body.TryGetProperty("exec-oob", out var name);
        if (!isOutOfBand)
            name = body.GetProperty("execute");
        return new FakeCommand(name.GetString()!, body.GetProperty("id").GetString()!, isOutOfBand, body, line);
    }
}
