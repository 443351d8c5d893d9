using System.Text.Json.Nodes;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// Cuts a byte stream into JSON objects. A command is complete with its last brace, whatever follows: QEMU reads it so, and an armed command is sent up to its last byte.
/// </summary>
internal sealed class JsonObjects
{
    private readonly List<byte> _bytes = [];
    private int _depth;
    private bool _isText;
    private bool _isEscaped;

    /// <exception cref="System.Text.Json.JsonException">Not JSON.</exception>
    public IReadOnlyList<JsonObject> Take(ReadOnlySpan<byte> received)
    {
        List<JsonObject> complete = [];
        foreach (byte value in received)
        {
            if (_depth > 0 || value == (byte)'{')
            {
                _bytes.Add(value);
            }

            if (_isText)
            {
                _isText = _isEscaped || value != (byte)'"';
                _isEscaped = !_isEscaped && value == (byte)'\\';
                continue;
            }

            switch (value)
            {
                case (byte)'"' when _depth > 0:
                    _isText = true;
                    break;
                case (byte)'{':
                    _depth++;
                    break;
                case (byte)'}' when _depth > 0 && --_depth == 0:
                    complete.Add((JsonObject)JsonNode.Parse(_bytes.ToArray())!);
                    _bytes.Clear();
                    break;
                default:
                    break;
            }
        }

        return complete;
    }
}
