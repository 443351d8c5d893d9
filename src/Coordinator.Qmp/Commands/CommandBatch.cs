namespace Coordinator.Qmp.Commands;

/// <summary>Commands that are answered together: one call, one deadline. A single command is a batch of one.</summary>
sealed class CommandBatch
{
    // Continuations run elsewhere: a caller that blocks after its await must not stop the read loop.
    readonly TaskCompletionSource<QmpReply[]> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly QmpReply[] _replies;

    public CommandBatch(IReadOnlyList<QmpCommand> commands, CommandLane lane, ref long lastNumber)
    {
        _replies = new QmpReply[commands.Count];
        Commands = new PendingCommand[commands.Count];
        for (var i = 0; i < Commands.Length; i++)
            Commands[i] = new PendingCommand(commands[i], ++lastNumber, lane, this, i);
    }

    public PendingCommand[] Commands { get; }

    public int Answered { get; private set; }

    /// <summary>Nobody waits any more; replies that still come are dropped.</summary>
    public bool IsAbandoned { get; private set; }

    public Task<QmpReply[]> Completion => _completion.Task;

    /// <summary>Under the gate. True when this was the last reply.</summary>
    public bool Answer(int index, QmpReply reply)
    {
        _replies[index] = reply;
        return ++Answered == _replies.Length;
    }

    public void Complete() => _completion.TrySetResult(_replies);

    /// <summary>Under the gate.</summary>
    public void Abandon() => IsAbandoned = true;

    public void Fail(Exception exception)
    {
        if (exception is OperationCanceledException canceled)
            _completion.TrySetCanceled(canceled.CancellationToken);
        else
            _completion.TrySetException(exception);
    }
}
