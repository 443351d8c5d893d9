namespace Coordinator.Domain;

/// <summary>A value that the domain refuses. The message is meant for the person who sent it: it names the field, the value, and what is allowed.</summary>
public sealed class InvalidValueException(string field, string? value, string allowed)
    : Exception($"{field} '{Shorten(value)}' is not allowed: {allowed}")
{
    public string Field { get; } = field;

    public string Allowed { get; } = allowed;

    private static string Shorten(string? value) => value is null ? "" : value.Length <= 80 ? value : value[..80] + "...";
}
