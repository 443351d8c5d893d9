using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

/// <summary>Equality of states is equality of codes, so two fields that share a bit would silently make different states one.</summary>
public sealed class CodeTests
{
    [Fact]
    public void Code_EveryField_HasBitsOfItsOwnAndTellsItsValuesApart()
    {
        List<(string Field, ulong[] Codes)> fields = [];
        foreach (Side side in Enum.GetValues<Side>())
        {
            ulong Code(QemuProcess process) =>
                side == Side.Source ? new QemuPair(process, default, default, default).Code : new QemuPair(default, process, default, default).Code;

            fields.Add(($"{side} life", Codes<ProcessLife>(value => Code(new() { Life = value }))));
            fields.Add(($"{side} run", Codes<RunState>(value => Code(new() { Run = value }))));
            fields.Add(($"{side} status", Codes<MigrationStatus>(value => Code(new() { Status = value }))));
            fields.Add(($"{side} autostart", [0, Code(new() { Autostart = true })]));
            fields.Add(($"{side} return-path", [0, Code(new() { Capabilities = QemuCapabilities.ReturnPath })]));
            fields.Add(($"{side} pause", [0, Code(new() { Capabilities = QemuCapabilities.PauseBeforeSwitchover })]));
            fields.Add(($"{side} phase", Codes<SourcePhase>(value => Code(new() { Phase = value }))));
            fields.Add(($"{side} queued", Codes<QemuCommandKind>(value => Code(new() { Queued = value }))));
            fields.Add(($"{side} rings", Codes<LoadedRings>(value => Code(new() { Rings = value }))));
            fields.Add(($"{side} reset", [0, Code(new() { GuestWasReset = true })]));
        }

        static ulong OfStream(MigrationStream stream) => new QemuPair(default, default, stream, default).Code;

        fields.Add(("link", Codes<StreamLink>(value => OfStream(new() { Link = value }))));
        fields.Add(("stalled", [0, OfStream(new() { Stalled = true })]));
        fields.Add(("sent", Codes<SentPart>(value => OfStream(new() { Sent = value }))));
        fields.Add(("acknowledgement", Codes<Acknowledgement>(value => OfStream(new() { Acknowledgement = value }))));
        fields.Add(("guest", Codes<GuestBefore>(value => OfStream(new() { Guest = value }))));
        fields.Add(("stream reset", [0, OfStream(new() { GuestWasReset = true })]));

        ulong taken = 0;
        foreach ((string field, ulong[] codes) in fields)
        {
            ulong mask = codes.Aggregate(0UL, (all, code) => all | code);
            Assert.True((mask & taken) == 0, $"{field} shares a bit with a field before it");
            Assert.True(codes.Distinct().Count() == codes.Length, $"{field} does not tell its values apart");
            taken |= mask;
        }
    }

    [Fact]
    public void Code_NumberOfFields_IsThatOfTheTypes()
    {
        // A new field must get its place in the code, and its line in the test above.
        Assert.Equal(9, typeof(QemuProcess).GetConstructors().Max(constructor => constructor.GetParameters().Length));
        Assert.Equal(6, typeof(MigrationStream).GetConstructors().Max(constructor => constructor.GetParameters().Length));
        Assert.Equal(4, typeof(QemuPair).GetConstructors().Max(constructor => constructor.GetParameters().Length));
    }

    [Fact]
    public void Equality_OtherTraits_IsAnotherPair() =>
        Assert.NotEqual(Qemu.Start(new(QemuVersion.V7)), Qemu.Start(new(QemuVersion.V10)));

    private static ulong[] Codes<T>(Func<T, ulong> code)
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(code)];
}
