using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>The decision register of one attempt in one store of the destination's agent. Another store is another register: it answers <c>unknown</c>.</summary>
public readonly record struct RegisterKey(VmName Vm, AttemptNo Attempt, StoreInstanceId Store)
{
    public override string ToString() => $"register of {Vm}, attempt {Attempt}, store {Store}";
}

/// <summary>What is asked of a register. The first three are seen at the asker, the others at the agent that keeps the register.</summary>
public enum RegisterOperationKind
{
    /// <summary>The source's word that its copy has completed; without it nothing is ever granted.</summary>
    Released,

    /// <summary>The source asks for <c>empty → refused</c>.</summary>
    Refuse,

    /// <summary>A report of what the register says. Changes nothing and proves nothing.</summary>
    Read,

    /// <summary>The attempt is prepared: from nothing to <c>empty</c>.</summary>
    Open,

    /// <summary><c>empty → run</c>, made durable.</summary>
    Grant,

    /// <summary><c>empty → refused</c> made durable, for whatever reason: the source asked, the copy is dead, a clean-up, a newer attempt refused.</summary>
    SetRefused,

    /// <summary><c>run → refused</c> by the life that set <c>run</c> and never sent <c>cont</c>, or got an error for it.</summary>
    Withdraw,

    /// <summary>The guest was seen running, made durable: from here <c>run</c> is answered <c>running</c> and can not be withdrawn.</summary>
    RecordRunning,

    /// <summary><c>empty → run</c> by a person's recorded word, without the source's.</summary>
    GrantByWord,
}

public enum RegisterOutcome
{
    /// <summary>An operation of the keeper took effect.</summary>
    Done,

    /// <summary>An operation of the keeper changed nothing.</summary>
    NotDone,
    Undecided,
    GateClosed,
    Run,
    Running,
    Refused,
    Unknown,
}

public static class RegisterOutcomes
{
    public static RegisterOutcome Of(Domain.Handoff.RegisterAnswer answer) => answer switch
    {
        Domain.Handoff.RegisterAnswer.Undecided => RegisterOutcome.Undecided,
        Domain.Handoff.RegisterAnswer.GateClosed => RegisterOutcome.GateClosed,
        Domain.Handoff.RegisterAnswer.Run => RegisterOutcome.Run,
        Domain.Handoff.RegisterAnswer.Running => RegisterOutcome.Running,
        Domain.Handoff.RegisterAnswer.Refused => RegisterOutcome.Refused,
        Domain.Handoff.RegisterAnswer.Unknown => RegisterOutcome.Unknown,
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer, "not in the table of answers"),
    };
}
