namespace Coordinator.Qmp.Commands;

enum PendingState
{
    /// <summary>In the lane's queue; no byte of it was sent.</summary>
    Waiting,

    /// <summary>Sent, or in the buffer about to be; holds a place until its reply comes, even when nobody waits for that any more.</summary>
    Outstanding,

    /// <summary>Answered, or withdrawn before it was sent.</summary>
    Finished,
}

/// <summary>One command on its way. Changed only under the connection's gate.</summary>
sealed class PendingCommand(QmpCommand command, long number, CommandLane lane, CommandBatch batch, int index)
{
    public QmpCommand Command { get; } = command;

    /// <summary>The connection's own count; its part of the id.</summary>
    public long Number { get; } = number;

    public CommandLane Lane { get; } = lane;

    public CommandBatch Batch { get; } = batch;

    /// <summary>Place of the reply in the batch.</summary>
    public int Index { get; } = index;

    public PendingState State { get; set; }

    public LinkedListNode<PendingCommand>? Waiting { get; set; }
}
