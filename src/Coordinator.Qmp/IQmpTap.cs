namespace Coordinator.Qmp;

/// <summary>
/// Hears what goes over one connection, for a record of what was done to a QEMU. Called on the path of the commands, so it must return at once and must not call the connection.
/// </summary>
public interface IQmpTap
{
    /// <summary>Before the command's bytes leave; an armed command counts as sent when it is fired.</summary>
    /// <param name="number">Of the command, within this connection.</param>
    /// <param name="command">What.</param>
    /// <param name="isOutOfBand">Past the in-band queue.</param>
    void Sending(long number, QmpCommand command, bool isOutOfBand);

    /// <summary>Before the caller learns of the reply, late replies included. A command that is never answered never comes here.</summary>
    void Answered(long number, in QmpReply reply);
}
