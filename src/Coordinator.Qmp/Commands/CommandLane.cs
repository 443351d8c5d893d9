namespace Coordinator.Qmp.Commands;

/// <summary>
/// Keeps commands in order and bounds how many are outstanding. A command whose caller gave up keeps its place until the reply comes,
/// because QEMU still has it in its queue.
/// </summary>
sealed class CommandLane(string name, string verb, int outstandingLimit, int waitingLimit)
{
    /// <summary>
    /// QEMU suspends reading the monitor, out-of-band commands included, when its queue holds 8 requests
    /// (QMP_REQ_QUEUE_LEN_MAX in monitor/monitor-internal.h); one less keeps the way open for a yank.
    /// </summary>
    public const int InBandOutstandingLimit = 7;

    /// <summary>QEMU runs each out-of-band command to its end when it reads it, so a few unanswered ones already mean a dead peer.</summary>
    public const int OutOfBandOutstandingLimit = 4;

    public const int OutOfBandWaitingLimit = 32;

    readonly LinkedList<PendingCommand> _waiting = new();

    public string Name { get; } = name;

    /// <summary>The key that names the command on the wire: execute or exec-oob.</summary>
    public string Verb { get; } = verb;

    public int Outstanding { get; private set; }

    public int Waiting => _waiting.Count;

    /// <summary>All or none: a batch is never half accepted. Places free at once do not count as waiting.</summary>
    public bool HasRoomFor(int count) => Waiting + count <= waitingLimit + (outstandingLimit - Outstanding);

    public QmpBusyException Busy(int count) => new(
        $"{count} {Name} command(s) do not fit: {Waiting} wait already, {waitingLimit} may, and {Outstanding} of at most {outstandingLimit} are unanswered.");

    public void Enqueue(PendingCommand command)
    {
        command.State = PendingState.Waiting;
        command.Waiting = _waiting.AddLast(command);
    }

    public bool TryStart(out PendingCommand command)
    {
        if (Outstanding >= outstandingLimit || _waiting.First is null)
        {
            command = null!;
            return false;
        }
        command = _waiting.First.Value;
        _waiting.RemoveFirst();
        command.Waiting = null;
        command.State = PendingState.Outstanding;
        Outstanding++;
        return true;
    }

    public void Finish(PendingCommand command)
    {
        if (command.State != PendingState.Outstanding)
            throw new InvalidOperationException($"{command.Command.Name} is {command.State}, only an outstanding command can be finished.");
        command.State = PendingState.Finished;
        Outstanding--;
    }

    public void Withdraw(PendingCommand command)
    {
        if (command.Waiting is null)
            throw new InvalidOperationException($"{command.Command.Name} is {command.State}, only a waiting command can be withdrawn.");
        _waiting.Remove(command.Waiting);
        command.Waiting = null;
        command.State = PendingState.Finished;
    }

    /// <summary>Takes all that waits out of the queue.</summary>
    public IReadOnlyList<PendingCommand> WithdrawAll()
    {
        var withdrawn = _waiting.ToList();
        foreach (var command in withdrawn)
            Withdraw(command);
        return withdrawn;
    }
}
