namespace Coordinator.Qmp;

/// <summary>A command that QEMU has read up to its last byte; see <see cref="QmpConnection.Arm"/>.</summary>
public sealed class ArmedCommand
{
    readonly Func<Task<QmpReply[]>> _fire;

    internal ArmedCommand(QmpCommand command, Func<Task<QmpReply[]>> fire)
    {
        Command = command;
        _fire = fire;
    }

    public QmpCommand Command { get; }

    /// <summary>
    /// Has QEMU execute it: on its way when this returns. A second call sends nothing and gives the same reply.
    /// </summary>
    /// <returns>QEMU's answer, an error among them. There is no deadline: the caller gives up waiting, or disposes the connection.</returns>
    /// <exception cref="QmpClosedException">the connection has ended; the command was executed only if it had been fired before</exception>
    public async Task<QmpReply> Fire() => (await _fire())[0];
}
