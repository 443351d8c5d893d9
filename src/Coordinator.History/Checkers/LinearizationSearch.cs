namespace Coordinator.History;

/// <summary>One operation: asked at <paramref name="InvokedMicros"/>, answered at <paramref name="AnsweredMicros"/> (null: never, it may have taken effect or not).</summary>
internal readonly record struct RegisterCall(
    RegisterInvoked Invoked, long InvokedMicros, long? AnsweredMicros, RegisterOutcome? Outcome)
{
    /// <summary>
    /// The source's questions take effect when they arrive, and are answered later from what the register then says: two moments, in which a grant may lie between. The keeper's
    /// own operations have one.
    /// </summary>
    internal IEnumerable<PlacedCall> Moments()
    {
        if (Invoked.Kind is not (RegisterOperationKind.Released or RegisterOperationKind.Refuse))
        {
            yield return new(this, Invoked.Kind, Outcome);
            yield break;
        }

        yield return new(this, Invoked.Kind, Outcome: null);
        if (AnsweredMicros is not null)
        {
            yield return new(this, RegisterOperationKind.Read, Outcome);
        }
    }

    public override string ToString() => AnsweredMicros is { } answered
        ? $"{Invoked.Kind} by {Invoked.By} ({Moment.Ms(InvokedMicros)} to {Moment.Ms(answered)}) = {Outcome}"
        : $"{Invoked.Kind} by {Invoked.By} ({Moment.Ms(InvokedMicros)}, not answered)";
}

/// <summary>One moment of a call: what it does then, and what it learns (null: nothing, or it was never told).</summary>
internal readonly record struct PlacedCall(RegisterCall Call, RegisterOperationKind Kind, RegisterOutcome? Outcome);

/// <summary>
/// Searches for an order of the calls in which each takes effect at one moment between its question and its answer and every answer is what the specification says:
/// Wing and Gong's search with Lowe's memory of (calls placed, state) pairs. Written here because no .NET library has it; porcupine (Go) is the model.
/// </summary>
internal static class LinearizationSearch
{
    /// <summary>Bound of the work for one register; beyond it the history is reported as not judged. Histories of ours need a few hundred.</summary>
    internal const int MaxSteps = 2_000_000;

    /// <param name="Placed">The longest order that was found, in this order; all answered calls when <paramref name="IsLinearizable"/>.</param>
    internal sealed record Result(bool IsLinearizable, IReadOnlyList<PlacedCall> Placed, uint States, bool GaveUp);

    internal static Result Search(IReadOnlyList<RegisterCall> calls, bool keeperStepsComplete)
    {
        PlacedCall[] sorted = [.. calls.OrderBy(call => call.InvokedMicros).SelectMany(call => call.Moments())];
        int answered = sorted.Count(moment => moment.Call.AnsweredMicros is not null);
        HashSet<Key> visited = [];
        bool[] placed = new bool[sorted.Length];
        List<int> order = [];
        IReadOnlyList<PlacedCall> best = [];
        uint bestStates = RegisterSpecification.Initial(keeperStepsComplete);
        int bestAnswered = -1;
        int steps = 0;

        bool Place(int answeredSoFar, uint states)
        {
            if (answeredSoFar > bestAnswered)
            {
                (bestAnswered, best, bestStates) = (answeredSoFar, [.. order.Select(i => sorted[i])], states);
            }

            if (answeredSoFar == answered)
            {
                return true;
            }

            if (!visited.Add(Key.Of(placed, states)))
            {
                return false;
            }

            // A call may come next if no other call that is still to be placed was answered before it was asked.
            long firstAnswer = long.MaxValue;
            for (int i = 0; i < sorted.Length; i++)
            {
                if (!placed[i] && sorted[i].Call.AnsweredMicros is { } at && at < firstAnswer)
                {
                    firstAnswer = at;
                }
            }

            foreach (int i in Candidates(firstAnswer))
            {
                if (++steps > MaxSteps)
                {
                    return false;
                }

                uint next = RegisterSpecification.After(states, sorted[i].Kind, sorted[i].Outcome, keeperStepsComplete);
                if (next == RegisterSpecification.Nothing)
                {
                    continue;
                }

                placed[i] = true;
                order.Add(i);
                if (Place(answeredSoFar + (sorted[i].Call.AnsweredMicros is null ? 0 : 1), next))
                {
                    return true;
                }

                order.RemoveAt(order.Count - 1);
                placed[i] = false;

                // It excludes nothing here and changes nothing, here or later: whatever can follow without it can follow with it.
                if (next == states && RegisterSpecification.ChangesNothing(states, sorted[i].Kind))
                {
                    return false;
                }
            }

            return false;
        }

        // Of those that do and learn the same, the one that must come soonest goes first without loss.
        IEnumerable<int> Candidates(long firstAnswer)
        {
            Dictionary<(RegisterOperationKind, RegisterOutcome?), int> soonest = [];
            for (int i = 0; i < sorted.Length && sorted[i].Call.InvokedMicros <= firstAnswer; i++)
            {
                (RegisterOperationKind, RegisterOutcome?) alike = (sorted[i].Kind, sorted[i].Outcome);
                if (!placed[i] && (!soonest.TryGetValue(alike, out int other) || Deadline(i) < Deadline(other)))
                {
                    soonest[alike] = i;
                }
            }

            return soonest.Values;
        }

        long Deadline(int i) => sorted[i].Call.AnsweredMicros ?? long.MaxValue;

        bool linearizable = Place(0, RegisterSpecification.Initial(keeperStepsComplete));
        return new(linearizable, best, bestStates, GaveUp: !linearizable && steps > MaxSteps);
    }

    /// <summary>The set of calls placed, and the states after them.</summary>
    private readonly record struct Key(string Placed, uint States)
    {
        internal static Key Of(bool[] placed, uint states) =>
            new(string.Create(placed.Length, placed, static (text, bits) =>
            {
                for (int i = 0; i < bits.Length; i++)
                {
                    text[i] = bits[i] ? '1' : '0';
                }
            }), states);
    }
}
