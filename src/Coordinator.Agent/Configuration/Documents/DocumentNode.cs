namespace Coordinator.Agent.Configuration.Documents;

/// <summary>Counted from 1, as editors do.</summary>
internal readonly record struct TextPosition(long Line, long Column);

/// <summary>What an unquoted scalar means by the YAML 1.2 core schema, which JSON schema tools of editors use too (so <c>on</c> is text).</summary>
internal enum ScalarKind
{
    Text,
    Number,
    Truth,
    Nothing,
}

internal abstract record DocumentNode(TextPosition At);

internal sealed record ScalarNode(TextPosition At, string Text, ScalarKind Kind) : DocumentNode(At);

internal sealed record ListNode(TextPosition At, IReadOnlyList<DocumentNode> Items) : DocumentNode(At);

internal sealed record MappingNode(TextPosition At, IReadOnlyList<MappingEntry> Entries) : DocumentNode(At);

internal sealed record MappingEntry(ScalarNode Key, DocumentNode Value);
