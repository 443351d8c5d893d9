using System.Text.Json;

namespace Coordinator.Qmp;

/// <param name="Class">GenericError, CommandNotFound, DeviceNotFound, DeviceNotActive or KVMMissingCap; stable API of QEMU.</param>
/// <param name="Description">For people; QEMU may word it differently in every version.</param>
public sealed record QmpError(string Class, string Description);

/// <summary>The answer to one command: a result or an error.</summary>
public readonly record struct QmpReply
{
    readonly JsonElement _result;

    QmpReply(string command, JsonElement result, QmpError? error)
    {
        Command = command;
        _result = result;
        Error = error;
    }

    public string Command { get; }

    public QmpError? Error { get; }

    public bool IsError => Error is not null;

    /// <exception cref="QmpCommandException">the command was answered with an error</exception>
    public JsonElement Result => Error is null ? _result : throw new QmpCommandException(Command, Error);

    public static QmpReply FromResult(string command, JsonElement result) => new(command, result, error: null);

    public static QmpReply FromError(string command, QmpError error) => new(command, default, error);
}
