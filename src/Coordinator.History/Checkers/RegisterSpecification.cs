namespace Coordinator.History;

/// <summary>
/// What one decision register may answer, as a set of the states in which it can be after the operations so far. A set, because a part of what happens inside
/// (a grant whose record was lost with its agent, a copy that died) is not seen from outside: <see cref="After"/> lets it happen at any time.
/// </summary>
/// <remarks>
/// Written apart from the decision code on purpose, from the rules of the handoff alone; it must not say "what the code does".
/// A state is (value, released seen, gate closed), numbered below 32; a set of states is the bits of an <see cref="uint"/>.
/// </remarks>
internal static class RegisterSpecification
{
    private enum Value : byte
    {
        NotOpen,
        Empty,

        /// <summary>Refused, and the copy not yet proven dead: answered <c>undecided</c>.</summary>
        Refusing,
        Refused,
        Run,
        Running,

        /// <summary>The store is gone or was restored: <c>unknown</c> for ever.</summary>
        StoreLost,
    }

    internal const uint Nothing = 0;

    internal static uint Initial(bool keeperStepsComplete) => WithUnseenSteps(Bit(Value.NotOpen, released: false, gateClosed: false), keeperStepsComplete);

    /// <summary>
    /// The states that are possible after the operation and whatever may happen unseen behind it, if its outcome is possible at all; <see cref="Nothing"/> if it is not.
    /// </summary>
    /// <param name="states">From <see cref="Initial"/> or here.</param>
    /// <param name="kind">What is asked.</param>
    /// <param name="outcome">Null when nobody learned it: any is possible.</param>
    /// <param name="keeperStepsComplete">See <see cref="JudgeSettings.KeeperStepsComplete"/>.</param>
    internal static uint After(uint states, RegisterOperationKind kind, RegisterOutcome? outcome, bool keeperStepsComplete)
    {
        uint next = 0;
        for (uint rest = states; rest != 0; rest &= rest - 1)
        {
            int state = System.Numerics.BitOperations.TrailingZeroCount(rest);
            next |= Step((Value)(state >> 2), (state & 2) != 0, (state & 1) != 0, kind, outcome);
        }

        return WithUnseenSteps(next, keeperStepsComplete);
    }

    /// <summary>The operation, whatever its outcome, leaves each of these states and all that follow from them as they are.</summary>
    internal static bool ChangesNothing(uint states, RegisterOperationKind kind)
    {
        bool changes = kind is not (RegisterOperationKind.Read or RegisterOperationKind.Released);
        for (uint rest = states; rest != 0 && kind == RegisterOperationKind.Released; rest &= rest - 1)
        {
            int state = System.Numerics.BitOperations.TrailingZeroCount(rest);
            changes |= (state & 2) == 0 && (Value)(state >> 2) != Value.StoreLost;
        }

        return !changes;
    }

    internal static string Describe(uint states)
    {
        List<string> words = [];
        foreach (Value value in Enum.GetValues<Value>())
        {
            uint all = 0;
            foreach ((bool released, bool closed) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
            {
                all |= Bit(value, released, closed);
            }

            if ((states & all) != 0)
            {
                words.Add(value.ToString());
            }
        }

        // A store may be lost at any time; that is worth a word only where nothing else is possible.
        return words.Count > 1 ? string.Join(" or ", words.Where(word => word != nameof(Value.StoreLost))) : words.Single();
    }

    /// <summary>Everything that may happen inside without a record, repeated until nothing is new.</summary>
    private static uint WithUnseenSteps(uint states, bool keeperStepsComplete)
    {
        while (true)
        {
            uint more = states;
            for (uint rest = states; rest != 0; rest &= rest - 1)
            {
                int state = System.Numerics.BitOperations.TrailingZeroCount(rest);
                bool released = (state & 2) != 0, closed = (state & 1) != 0;
                Value value = (Value)(state >> 2);
                more |= Bit(Value.StoreLost, released: false, gateClosed: false);
                more |= value switch
                {
                    // The proof of death comes from the process table; it is no operation of the register.
                    Value.Refusing => Bit(Value.Refused, released, closed),
                    Value.NotOpen or Value.Empty or Value.Run when keeperStepsComplete => 0,
                    Value.NotOpen => Bit(Value.Empty, released, closed) | Bit(Value.Refused, released, closed),
                    Value.Empty => Bit(Value.Refusing, released, closed) | (released ? Bit(Value.Run, released, closed) : 0),
                    Value.Run => Bit(Value.Running, released, closed),
                    _ => 0,
                };

                // The gate is judged after Released; a new life of the agent judges it anew.
                more |= value == Value.Empty && released ? Bit(value, released, gateClosed: true) | Bit(value, released, gateClosed: false) : 0;
            }

            if (more == states)
            {
                return states;
            }

            states = more;
        }
    }

    private static uint Step(Value value, bool released, bool closed, RegisterOperationKind kind, RegisterOutcome? outcome)
    {
        uint same = Bit(value, released, closed);
        return kind switch
        {
            RegisterOperationKind.Open => Keeper(outcome, same, value == Value.NotOpen ? Bit(Value.Empty, released, closed) : Nothing),
            RegisterOperationKind.Grant => Keeper(outcome, same, value == Value.Empty && released ? Bit(Value.Run, released, closed) : Nothing),
            RegisterOperationKind.GrantByWord => Keeper(outcome, same, value == Value.Empty ? Bit(Value.Run, released, closed) : Nothing),
            RegisterOperationKind.SetRefused => Keeper(outcome, same, value switch
            {
                Value.NotOpen => Bit(Value.Refused, released, closed),
                Value.Empty or Value.Refusing => Bit(Value.Refusing, released, closed),
                Value.Refused => same,
                _ => Nothing,
            }),

            // Once the guest was seen running there is no way back.
            RegisterOperationKind.Withdraw => Keeper(outcome, same, value == Value.Run ? Bit(Value.Refused, released, closed) : Nothing),
            RegisterOperationKind.RecordRunning => Keeper(outcome, same, value is Value.Run or Value.Running ? Bit(Value.Running, released, closed) : Nothing),
            RegisterOperationKind.Released => Asked(value, closed, outcome, value is Value.NotOpen or Value.StoreLost ? same : Bit(value, released: true, closed)),
            RegisterOperationKind.Refuse => Asked(value, gateClosed: false, outcome, value == Value.Empty ? same | Bit(Value.Refusing, released, closed) : same)
                | (value == Value.Empty && outcome is null or RegisterOutcome.Refused ? Bit(Value.Refused, released, closed) : Nothing),
            RegisterOperationKind.Read => Asked(value, closed, outcome, same),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not in the table of operations"),
        };
    }

    private static uint Keeper(RegisterOutcome? outcome, uint same, uint done) => outcome switch
    {
        null => same | done,
        RegisterOutcome.Done => done,
        RegisterOutcome.NotDone => same,
        _ => Nothing,
    };

    private static uint Asked(Value value, bool gateClosed, RegisterOutcome? outcome, uint next) => outcome switch
    {
        null => next,
        RegisterOutcome.Undecided => value is Value.Empty or Value.Refusing ? next : Nothing,
        RegisterOutcome.GateClosed => value == Value.Empty && gateClosed ? next : Nothing,
        RegisterOutcome.Run => value == Value.Run ? next : Nothing,
        RegisterOutcome.Running => value == Value.Running ? next : Nothing,
        RegisterOutcome.Refused => value == Value.Refused ? next : Nothing,
        RegisterOutcome.Unknown => value is Value.NotOpen or Value.StoreLost ? next : Nothing,
        _ => Nothing,
    };

    private static uint Bit(Value value, bool released, bool gateClosed) => 1u << (((int)value << 2) | (released ? 2 : 0) | (gateClosed ? 1 : 0));
}
