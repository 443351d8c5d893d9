using System.Text.Encodings.Web;
using System.Text.Json;

namespace Coordinator.Qmp.Tests.Support;

static class JsonText
{
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Quote(string text) => JsonSerializer.Serialize(text, Plain);

    public static JsonElement Parse(string json) => JsonElement.Parse(json);
}
