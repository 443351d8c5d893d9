using System.Text.Json;
using Coordinator.Actors.Operators;
using Coordinator.Domain;

namespace Coordinator.Actors.HostFencing;

/// <summary>
/// Posts <c>{"host": ..., "vm": ...}</c>. Status 200 with the JSON body <c>{"off": HOST}</c> means that the host is off; whatever else stands in the body is kept as the proof too. Status 200 alone
/// proves nothing: any web server, proxy or login page gives it to a mistyped address.
/// </summary>
internal sealed class HttpFencingHook(OperatorAddress address, FencingTimes times) : FencingHook(times)
{
    private protected override string Name => address.Name;

    private protected override async Task<FencingAnswer> AskAsync(HostName host, VmName vm, CancellationToken timeOut)
    {
        OperatorAnswer answer = await address.PostAsync(JsonSerializer.Serialize(new { host = host.Value, vm = vm.Value }), timeOut).ConfigureAwait(false);
        bool isOff = answer.Code == 200 && OffIn(answer.Said) == host.Value;
        string wanted = answer.Code == 200 && !isOff ? $" (proves nothing: the body is not the JSON object {{\"off\": \"{host}\"}})" : "";
        return new FencingAnswer(isOff, $"{address.Name} {answer.Sentence}{wanted}");
    }

    private static string? OffIn(string body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("off", out JsonElement off) && off.ValueKind == JsonValueKind.String ? off.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
