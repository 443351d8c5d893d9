using System.Buffers;
using System.Text;
using Coordinator.Qmp.Framing;
using Coordinator.Qmp.Schema;
using Coordinator.Qmp.Tests.Schema;
using Coordinator.Qmp.Tests.Support;
using CsCheck;

namespace Coordinator.Qmp.Tests.Framing;

/// <summary>Whatever comes in: either messages come out or one QmpProtocolException, never another exception and never a hang.</summary>
public sealed class MalformedStreamTests
{
    const int Inputs = 60_000;

    static readonly Gen<byte> JsonLikeByte = Gen.OneOf(
        Pick.From("{}[]:,\"\\ \r\n0e-.u"u8.ToArray()), Gen.Byte);

    /// <summary>A recorded byte changed, dropped or doubled, a few times over.</summary>
    static readonly Gen<byte[]> DamagedRecording = Gen.Select(
        Pick.From(Recorded.Messages), Gen.Select(Gen.Int[0, 10_000], Gen.Int[0, 3], Gen.Byte).Array[1, 6], static (text, damages) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text).ToList();
            foreach (var (at, how, value) in damages)
            {
                var place = bytes.Count == 0 ? 0 : at % bytes.Count;
                if (how == 0 && bytes.Count > 0)
                    bytes[place] = value;
                else if (how == 1 && bytes.Count > 0)
                    bytes.RemoveAt(place);
                else if (how == 2)
                    bytes.Insert(place, value);
                else if (bytes.Count > 0)
                    bytes.InsertRange(place, bytes.GetRange(place, Math.Min(20, bytes.Count - place)));
            }
            return bytes.ToArray();
        });

    [Fact]
    public void RandomBytes_GiveMessagesOrOneProtocolError() =>
        Gen.Select(JsonLikeByte.Array[0, 60], Gen.Int[0, 60].Array[0, 4])
            .Sample(static (bytes, cuts) => ReadThrough([.. "{"u8, .. bytes], cuts), iter: Inputs);

    [Fact]
    public void DamagedRecordings_GiveMessagesOrOneProtocolError() =>
        Gen.Select(DamagedRecording, Gen.Int[0, 3000].Array[0, 3]).Sample(ReadThrough, iter: Inputs);

    static void ReadThrough(byte[] bytes, int[] cuts)
    {
        try
        {
            FramerFeed.Feed(bytes, cuts, maxMessageBytes: 4096, maxDepth: 32, static message => Interpret(message));
        }
        catch (QmpProtocolException e)
        {
            Assert.InRange(e.Message.Length, 1, 600);
        }
    }

    static void Interpret(in ReadOnlySequence<byte> bytes)
    {
        var message = IncomingMessage.Parse(bytes, maxDepth: 32);
        switch (message.Kind)
        {
            case MessageKind.Greeting:
                Greeting.Parse(message.Body);
                break;
            case MessageKind.Event:
                GuestEvent.Parse(EventParsing.Parse(message.Body, TimeProvider.System));
                break;
            case MessageKind.Result:
                foreach (var parse in Recorded.Parsers)
                    ParseOrRefuse(parse, message);
                break;
            case MessageKind.Error:
                break;
        }
    }

    static void ParseOrRefuse(Action<System.Text.Json.JsonElement> parse, IncomingMessage message)
    {
        try
        {
            parse(message.Body.GetProperty("return"));
        }
        catch (QmpProtocolException)
        {
            // Refused, as it should be where it does not fit.
        }
    }
}
