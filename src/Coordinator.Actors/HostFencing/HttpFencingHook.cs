using System.Net.Http.Json;
using Coordinator.Domain;

namespace Coordinator.Actors.HostFencing;

/// <summary>Posts <c>{"host": ..., "vm": ...}</c>: status 200 means that the host is off; its body is the proof. Any other answer, or none, proves nothing.</summary>
public sealed class HttpFencingHook(Uri url, TimeSpan timeOut, bool isAutomatic, HttpMessageHandler? handler = null) : IFencingHook, IDisposable
{
    private readonly HttpClient _client = new(handler ?? new SocketsHttpHandler()) { Timeout = timeOut };

    public bool IsAutomatic => isAutomatic;

    public async Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop)
    {
        try
        {
            using HttpResponseMessage answer = await _client.PostAsJsonAsync(url, new { host = host.Value, vm = vm.Value }, stop).ConfigureAwait(false);
            string said = CommandFencingHook.Shorten(await answer.Content.ReadAsStringAsync(stop).ConfigureAwait(false));
            return new FencingAnswer(answer.StatusCode == System.Net.HttpStatusCode.OK, $"{url} answered {(int)answer.StatusCode}{(said.Length > 0 ? $": {said}" : "")}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new FencingAnswer(IsOff: false, $"{url} gave no answer: {e.Message}");
        }
    }

    public void Dispose() => _client.Dispose();
}
