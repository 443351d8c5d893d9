using Coordinator.Domain;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Coordinator.Server.Grpc;

/// <summary>The name in a VM definition: all that a coordinator reads of it. What else stands there is judged by the agent that launches from it.</summary>
internal static class DefinitionName
{
    /// <summary>A definition is a page of text; it travels in a step and stands in the journal.</summary>
    private const int MaxChars = 256 * 1024;

    /// <exception cref="InvalidValueException">Not YAML, too long, or without a name that is allowed.</exception>
    internal static VmName Read(string yaml)
    {
        if (yaml.Length > MaxChars)
        {
            throw new InvalidValueException("definition", $"of {yaml.Length} characters", $"at most {MaxChars} characters");
        }

        try
        {
            YamlStream stream = [];
            using StringReader reader = new(yaml);
            stream.Load(reader);
            if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
            {
                throw new InvalidValueException("definition", yaml, "one YAML document that is a mapping, with a 'name'");
            }

            return root.Children.TryGetValue(new YamlScalarNode("name"), out YamlNode? name) && name is YamlScalarNode { Value: { } value }
                ? new VmName(value)
                : throw new InvalidValueException("definition", yaml, "a mapping with a 'name'");
        }
        catch (YamlException unreadable)
        {
            throw new InvalidValueException("definition", yaml, $"YAML; line {unreadable.Start.Line}, column {unreadable.Start.Column}: {unreadable.Message}");
        }
    }
}
