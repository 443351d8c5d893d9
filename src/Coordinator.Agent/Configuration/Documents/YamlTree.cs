using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coordinator.Agent.Configuration.Documents;

/// <summary>
/// Reads one YAML document into nodes with positions, within limits. YamlDotNet parses; its own tree is not used because it is built
/// by recursion (a megabyte of <c>[</c> ends the process by stack overflow) and shares aliased nodes (a small text expands to gigabytes when walked).
/// </summary>
internal static class YamlTree
{
    /// <summary>UTF-8 bytes. A definition with every option of QEMU stays below 64 KiB.</summary>
    public const int TextBytesAtMost = 1024 * 1024;

    /// <summary>The deepest legal document has 3 levels.</summary>
    public const int DepthAtMost = 8;

    /// <summary>Null when the text is not one YAML document; <paramref name="problems"/> says why.</summary>
    public static DocumentNode? Read(string text, ProblemList problems)
    {
        if (Encoding.UTF8.GetByteCount(text) > TextBytesAtMost)
        {
            problems.Add("the document is larger than 1 MiB; is it the right file?");
            return null;
        }

        var parser = new Parser(new StringReader(text));
        try
        {
            return new Walk(parser, problems).Document();
        }
        catch (DocumentRefusedException)
        {
            return null;
        }
        catch (YamlException e)
        {
            problems.Add(PositionOf(e.Start), $"this is not YAML: {e.Message}");
            return null;
        }
#pragma warning disable CA1031 // The scanner of a third party meets text from outside here: whatever it throws is a fault of the text, not of the agent.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            problems.Add($"this is not YAML that can be read: {e.Message}");
            return null;
        }
#pragma warning restore CA1031
    }

    private static TextPosition PositionOf(Mark mark) => new(mark.Line, mark.Column);

    private sealed class DocumentRefusedException : Exception;

    private sealed class Walk(Parser parser, ProblemList problems)
    {
        public DocumentNode? Document()
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                problems.Add("the document is empty.");
                return null;
            }

            parser.Consume<DocumentStart>();
            var root = Node(depth: 1);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second))
            {
                throw Refuse(second, "a second document begins here; one file holds one document.");
            }

            return root;
        }

        private DocumentNode Node(int depth)
        {
            if (depth > DepthAtMost)
            {
                throw Refuse(parser.Current!, $"nested deeper than {DepthAtMost} levels.");
            }

            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                throw Refuse(alias, $"aliases (*{alias.Value}) are not accepted; write the value out.");
            }

            if (parser.Accept<NodeEvent>(out var node))
            {
                RefuseAnchorAndTag(node);
            }

            if (parser.TryConsume<Scalar>(out var scalar))
            {
                return ScalarOf(scalar);
            }

            if (parser.TryConsume<SequenceStart>(out var sequence))
            {
                var items = new List<DocumentNode>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    items.Add(Node(depth + 1));
                }

                return new ListNode(PositionOf(sequence.Start), items);
            }

            return Mapping(depth);
        }

        private MappingNode Mapping(int depth)
        {
            var start = parser.Consume<MappingStart>();
            var entries = new List<MappingEntry>();
            var seen = new Dictionary<string, TextPosition>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                if (!parser.Accept<Scalar>(out _) && !parser.Accept<AnchorAlias>(out _))
                {
                    throw Refuse(parser.Current!, "a key must be a single word.");
                }

                var key = (ScalarNode)Node(depth + 1);

                if (seen.TryGetValue(key.Text, out var first))
                {
                    problems.Add(key.At, $"'{Shown.Briefly(key.Text)}' stands here a second time; the first is in line {first.Line}.");
                }
                else
                {
                    seen.Add(key.Text, key.At);
                }

                entries.Add(new MappingEntry(key, Node(depth + 1)));
            }

            return new MappingNode(PositionOf(start.Start), entries);
        }

        private ScalarNode ScalarOf(Scalar scalar)
        {
            if (scalar.Value.Contains('\0', StringComparison.Ordinal) || !IsWellFormed(scalar.Value))
            {
                throw Refuse(scalar, "the text holds a NUL or half a surrogate pair, which no command line can carry.");
            }

            var kind = scalar.Style == ScalarStyle.Plain ? ScalarKinds.OfPlain(scalar.Value) : ScalarKind.Text;
            return new ScalarNode(PositionOf(scalar.Start), scalar.Value, kind);
        }

        private void RefuseAnchorAndTag(NodeEvent node)
        {
            if (!node.Anchor.IsEmpty)
            {
                throw Refuse(node, $"anchors (&{node.Anchor.Value}) are not accepted; write the value out where it is needed.");
            }

            if (!node.Tag.IsEmpty)
            {
                throw Refuse(node, $"tags ({node.Tag.Value}) are not accepted; put the text in quotes instead.");
            }
        }

        private DocumentRefusedException Refuse(ParsingEvent at, string sentence)
        {
            problems.Add(PositionOf(at.Start), sentence);
            return new DocumentRefusedException();
        }

        private static bool IsWellFormed(string text)
        {
            for (var i = 0; i < text.Length; i++)
            {
                if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                {
                    i++;
                }
                else if (char.IsSurrogate(text[i]))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
