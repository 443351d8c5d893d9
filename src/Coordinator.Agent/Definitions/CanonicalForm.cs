using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Coordinator.Agent.Configuration.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// The one form of a definition: keys in a fixed order, maps sorted, absent values absent. The fingerprint is taken from JSON and not from YAML,
/// whose layout is the emitter's choice and may change with its version.
/// A new key must be written only when it is set, else fingerprints of old definitions change with the agent's version.
/// </summary>
internal static class CanonicalForm
{
    public static string FingerprintOf(VmDefinitionContent content)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(content, new JsonForm(json));
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.ToArray()));
    }

    public static string ToYaml(VmDefinitionContent content)
    {
        var text = new StringBuilder();
        using var writer = new StringWriter(text) { NewLine = "\n" };
        // Long arguments must not be folded: a fold inside a plain scalar is legal and unreadable.
        var emitter = new Emitter(writer, new EmitterSettings().WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(version: null, tags: null, isImplicit: true));
        Write(content, new YamlForm(emitter));
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Write(VmDefinitionContent content, IForm form)
    {
        form.BeginMap(null);
        form.Text("name", content.Name);
        form.Text("uuid", content.Uuid.ToString("D"));
        WriteIfSet(form, "binary", content.Binary);
        WriteList(form, "args", content.Arguments.Count == 0 ? null : content.Arguments);
        WriteMap(form, "variables", content.Variables);
        if (content.Hosts.Count > 0)
        {
            form.BeginMap("hosts");
            foreach (var (host, variables) in content.Hosts)
            {
                WriteMap(form, host, variables, evenIfEmpty: true);
            }

            form.EndMap();
        }

        if (content.Adopt is { } adopt)
        {
            form.BeginMap("adopt");
            form.Text("qmpSocket", adopt.QmpSocket);
            WriteIfSet(form, "pidFile", adopt.PidFile);
            form.EndMap();
        }

        WriteList(form, "devices", content.Devices);
        if (content.MemoryMiB is { } memoryMiB)
        {
            form.Number("memoryMiB", memoryMiB);
        }

        WriteMap(form, "labels", content.Labels);
        WriteList(form, "antiAffinity", content.AntiAffinity.Count == 0 ? null : content.AntiAffinity);
        form.EndMap();
    }

    private static void WriteIfSet(IForm form, string key, string? value)
    {
        if (value is not null)
        {
            form.Text(key, value);
        }
    }

    private static void WriteList(IForm form, string key, IReadOnlyList<string>? values)
    {
        if (values is null)
        {
            return;
        }

        form.BeginList(key);
        foreach (var value in values)
        {
            form.Text(null, value);
        }

        form.EndList();
    }

    private static void WriteMap(IForm form, string key, IReadOnlyDictionary<string, string> map, bool evenIfEmpty = false)
    {
        if (map.Count == 0 && !evenIfEmpty)
        {
            return;
        }

        form.BeginMap(key);
        foreach (var (name, value) in map)
        {
            form.Text(name, value);
        }

        form.EndMap();
    }

    private interface IForm
    {
        void BeginMap(string? key);

        void EndMap();

        void BeginList(string key);

        void EndList();

        void Text(string? key, string value);

        void Number(string key, int value);
    }

    private sealed class JsonForm(Utf8JsonWriter json) : IForm
    {
        public void BeginMap(string? key)
        {
            Key(key);
            json.WriteStartObject();
        }

        public void EndMap() => json.WriteEndObject();

        public void BeginList(string key)
        {
            Key(key);
            json.WriteStartArray();
        }

        public void EndList() => json.WriteEndArray();

        public void Text(string? key, string value)
        {
            Key(key);
            json.WriteStringValue(value);
        }

        public void Number(string key, int value) => json.WriteNumber(key, value);

        private void Key(string? key)
        {
            if (key is not null)
            {
                json.WritePropertyName(key);
            }
        }
    }

    private sealed class YamlForm(IEmitter emitter) : IForm
    {
        public void BeginMap(string? key)
        {
            Key(key);
            emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Block));
        }

        public void EndMap() => emitter.Emit(new MappingEnd());

        public void BeginList(string key)
        {
            Key(key);
            emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Block));
        }

        public void EndList() => emitter.Emit(new SequenceEnd());

        public void Text(string? key, string value)
        {
            Key(key);
            emitter.Emit(ScalarOf(value));
        }

        public void Number(string key, int value)
        {
            Key(key);
            emitter.Emit(new Scalar(value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        private void Key(string? key)
        {
            if (key is not null)
            {
                emitter.Emit(ScalarOf(key));
            }
        }

        // "512", "true" and "" are text here and must stay text. Everything that is not plain one-line text is double-quoted: only that style escapes.
        private static Scalar ScalarOf(string value)
        {
            var style = value.Any(c => char.IsControl(c) || c is '\u0085' or '\u2028' or '\u2029' or '\ufeff' || char.IsSurrogate(c))
                ? ScalarStyle.DoubleQuoted
                : ScalarKinds.OfPlain(value) == ScalarKind.Text ? ScalarStyle.Any : ScalarStyle.SingleQuoted;
            return new Scalar(AnchorName.Empty, TagName.Empty, value, style, isPlainImplicit: true, isQuotedImplicit: true);
        }
    }
}
