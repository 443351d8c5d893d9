using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests;

/// <summary>
/// The domain decides and does nothing else. Read from the compiled assembly's own metadata: the usual architecture libraries see which types are used, but not which
/// members, and a clock hides behind a member of a harmless type.
/// </summary>
public sealed class ArchitectureTests
{
    private static readonly string[] s_forbiddenTypes =
    [
        "System.Console", "System.Random", "System.TimeProvider", "System.IO.", "System.Net.", "System.Threading.Tasks.", "System.Threading.Thread",
        "System.Threading.Timer", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch", "System.Security.Cryptography.",
    ];

    private static readonly string[] s_forbiddenMembers =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Guid.NewGuid", "System.Guid.CreateVersion7",
    ];

    [Fact]
    public void Domain_References_SystemAssembliesOnly()
    {
        string[] references = typeof(VirtqueueId).Assembly.GetReferencedAssemblies().Select(a => a.Name ?? "").ToArray();

        Assert.NotEmpty(references);
        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Domain_Uses_NoClockNoChanceNoInputOrOutput()
    {
        (IReadOnlyList<string> types, IReadOnlyList<string> members) = ReferencesOf(typeof(VirtqueueId).Assembly.Location);

        Assert.Contains("System.Object", types);
        Assert.DoesNotContain(types, IsForbiddenType);
        Assert.DoesNotContain(members, IsForbiddenMember);
    }

    /// <summary>A pattern with a time limit is a hidden clock: a process that stands still for longer than the limit would refuse a valid name.</summary>
    [Fact]
    public void Patterns_OfTheDomain_HaveNoTimeLimit()
    {
        GeneratedRegexAttribute[] patterns =
        [
            .. typeof(VirtqueueId).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
                .SelectMany(method => method.GetCustomAttributes<GeneratedRegexAttribute>()),
        ];

        Assert.NotEmpty(patterns);
        Assert.All(patterns, pattern => Assert.Equal(Timeout.Infinite, pattern.MatchTimeoutMilliseconds));
    }

    /// <summary>The test of the test: this assembly does use a clock and files, and the same reading finds both.</summary>
    [Fact]
    public void Reading_OfAnAssemblyThatUsesThem_FindsThem()
    {
        Assert.True(DateTime.UtcNow > DateTime.UnixEpoch && File.Exists(typeof(ArchitectureTests).Assembly.Location));
        (IReadOnlyList<string> types, IReadOnlyList<string> members) = ReferencesOf(typeof(ArchitectureTests).Assembly.Location);

        Assert.Contains(types, type => type == "System.IO.File" && IsForbiddenType(type));
        Assert.Contains(members, member => member == "System.DateTime.get_UtcNow" && IsForbiddenMember(member));
    }

    /// <summary>The compiler makes every iterator ask for its thread; nothing else of the environment is allowed.</summary>
    private static bool IsForbiddenMember(string member) =>
        s_forbiddenMembers.Contains(member, StringComparer.Ordinal)
        || (member.StartsWith("System.Environment.", StringComparison.Ordinal) && member != "System.Environment.get_CurrentManagedThreadId");

    private static bool IsForbiddenType(string type) =>
        s_forbiddenTypes.Any(forbidden => forbidden.EndsWith('.') ? type.StartsWith(forbidden, StringComparison.Ordinal) : type == forbidden);

    private static (IReadOnlyList<string> Types, IReadOnlyList<string> Members) ReferencesOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        using PEReader image = new(file);
        MetadataReader metadata = image.GetMetadataReader();
        List<string> types = metadata.TypeReferences.Select(handle => NameOf(metadata, handle)).ToList();
        List<string> members = [];
        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference)
            {
                members.Add($"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}");
            }
        }

        return (types, members);
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        string space = metadata.GetString(type.Namespace);
        string name = metadata.GetString(type.Name);
        return space.Length == 0 ? name : $"{space}.{name}";
    }
}
