using System.Text.Json;
using Coordinator.Domain.QemuModel;
using Coordinator.Qmp.Tests.Support;
using QemuProcess = Coordinator.Qmp.Tests.Support.QemuProcess;

namespace Coordinator.Qmp.Tests.Qemu;

/// <summary>
/// Decisions are made on QEMU's words. A QEMU that knows a new one is found here, by its own schema, before it is found by a migration: an unknown word is polled on, never decided.
/// </summary>
public sealed class RealWordsTests
{
    public static TheoryData<string> Both => QemuBinary.Both;

    [Theory, MemberData(nameof(Both))]
    public async Task MigrationStatus_OfThisQemu_HasNoWordThatWeDoNotKnow(string which) =>
        Assert.All(await WordsWith(which, "pre-switchover"), word => Assert.NotEqual(MigrationStatus.Unknown, MigrationStatusWords.Parse(word)));

    [Theory, MemberData(nameof(Both))]
    public async Task RunState_OfThisQemu_HasNoWordThatWeDoNotKnow(string which) =>
        Assert.All(await WordsWith(which, "finish-migrate"), word => Assert.NotEqual(RunState.Unknown, RunStateWords.Parse(word)));

    /// <summary>The schema gives enumerations numbers in place of names; a word that only one of them has tells which it is.</summary>
    static async Task<IReadOnlyList<string>> WordsWith(string which, string known)
    {
        await using var qemu = await QemuProcess.StartAsync(which, "-machine", "none");
        await using var connection = await qemu.ConnectAsync();
        var schema = await connection.ExecuteAsync(new QmpCommand("query-qmp-schema"));
        var enumerations = schema.EnumerateArray()
            .Where(type => type.GetProperty("meta-type").GetString() == "enum")
            .Select(type => type.GetProperty("values").EnumerateArray().Select(value => value.GetString()!).ToList());
        return Assert.Single(enumerations, values => values.Contains(known, StringComparer.Ordinal));
    }
}
