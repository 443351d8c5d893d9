using System.Text.RegularExpressions;

namespace Coordinator.Domain;

/// <summary>
/// The rule for names of machines and hosts: they stand in file names, topics, persistence ids and metric labels, so they are DNS-like:
/// 1 to 63 characters of a-z, 0-9, '.', '-', beginning and ending with a letter or digit.
/// </summary>
internal static partial class NameRule
{
    internal const string Allowed = "1 to 63 characters of a-z, 0-9, '.' and '-', beginning and ending with a letter or a digit";

    [GeneratedRegex("^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();

    internal static string Check(string field, string? value) =>
        value is not null && Pattern().IsMatch(value) ? value : throw new InvalidValueException(field, value, Allowed);
}

/// <summary>A virtual machine, by the name its definition gives. Refused with <see cref="InvalidValueException"/> unless it is a DNS-like name.</summary>
public sealed record VmName
{
    public VmName(string value) => Value = NameRule.Check("VM name", value);

    public string Value { get; }

    public override string ToString() => Value;
}

/// <summary>A hypervisor host, by the name its agent's configuration gives. Same rule as <see cref="VmName"/>.</summary>
public sealed record HostName
{
    public HostName(string value) => Value = NameRule.Check("host name", value);

    public string Value { get; }

    public override string ToString() => Value;
}

/// <summary>
/// A client's own id of a request, 1 to 128 printable ASCII characters: the second request with the same id gets the first one's result.
/// </summary>
public sealed record RequestId
{
    public RequestId(string value)
    {
        if (string.IsNullOrEmpty(value) || value.Length > 128 || value.Any(c => c is <= ' ' or > '~'))
        {
            throw new InvalidValueException("request id", value, "1 to 128 printable ASCII characters without spaces");
        }

        Value = value;
    }

    public string Value { get; }

    public override string ToString() => Value;
}
