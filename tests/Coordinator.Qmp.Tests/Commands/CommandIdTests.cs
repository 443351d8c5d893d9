using Coordinator.Qmp.Commands;
using Coordinator.Qmp.Tests.Support;
using CsCheck;

namespace Coordinator.Qmp.Tests.Commands;

public sealed class CommandIdTests
{
    [Fact]
    public void AnyNumber_IsReadBackByItsConnection_AndByNoOther() =>
        Gen.OneOf(Gen.Long[0, 5_000], Gen.Long[0, 218_340_105_584_895]).Sample(static number =>
        {
            var ids = new CommandId();
            var id = JsonText.Parse(JsonText.Quote(ids.Of(number)));

            Assert.True(ids.TryRead(id, out var read));
            Assert.Equal(number, read);
            Assert.True(CommandId.IsOfThisLibrary(id));
            Assert.False(new CommandId().TryRead(id, out _));
        }, iter: 5_000);

    [Theory]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"\"")]
    [InlineData("\"abcd\"")]
    [InlineData("\"libvirt-12\"")]
    [InlineData("\"abcd1 \"")]
    [InlineData("\"abcdé1\"")]
    [InlineData("\"abcd123456789\"")]
    public void IdsOfOthers_AreToldApart(string id) => Assert.False(CommandId.IsOfThisLibrary(JsonText.Parse(id)));

    [Fact]
    public void Command_IsEncodedInAsFewBytesAsPossible()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();

        CommandEncoding.Append(output, "execute", new QmpCommand("migrate-continue", new { State = "pre-switchover" }), "Ab3d1");
        CommandEncoding.Append(output, "exec-oob", new QmpCommand("query-yank"), "Ab3d2");

        Assert.Equal(
            """
            {"execute":"migrate-continue","arguments":{"state":"pre-switchover"},"id":"Ab3d1"}
            {"exec-oob":"query-yank","id":"Ab3d2"}

            """,
            System.Text.Encoding.UTF8.GetString(output.WrittenSpan));
    }
}
