using System.Buffers;
using System.Text;

namespace Coordinator.Qmp.Commands;

static class CommandEncoding
{
    /// <summary>Appends the command as one line. Name and id need no escaping: both consist of letters, digits and a few marks.</summary>
    public static void Append(IBufferWriter<byte> output, string verb, QmpCommand command, string id)
    {
        output.Write("{\""u8);
        Encoding.ASCII.GetBytes(verb, output);
        output.Write("\":\""u8);
        Encoding.ASCII.GetBytes(command.Name, output);
        output.Write("\""u8);
        if (!command.EncodedArguments.IsEmpty)
        {
            output.Write(",\"arguments\":"u8);
            output.Write(command.EncodedArguments.Span);
        }
        output.Write(",\"id\":\""u8);
        Encoding.ASCII.GetBytes(id, output);
        output.Write("\"}\r\n"u8);
    }
}
