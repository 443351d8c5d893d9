using System.Globalization;
using System.Text.RegularExpressions;

namespace Coordinator.Failpoints;

public enum FailpointDeed
{
    /// <summary>SIGKILL to the own process, at once: nothing is flushed, nothing is said goodbye to.</summary>
    Kill,

    /// <summary>SIGSTOP to the own process; it goes on when somebody sends SIGCONT.</summary>
    Stop,

    /// <summary>Whoever came here waits until the file of the action is deleted; everything else in the process goes on.</summary>
    Hold,

    Delay,

    /// <summary>Throws <see cref="FailpointException"/>, which the place takes as its ordinary failure.</summary>
    Error,
}

/// <summary>
/// What a file of an action says: <c>[N*]kill|stop|hold|delay N(ms|s)|error[ vm=NAME]</c>.
/// </summary>
/// <param name="Deed">What is done.</param>
/// <param name="Delay">Of <see cref="FailpointDeed.Delay"/>, at most an hour; zero otherwise.</param>
/// <param name="FirstHit">The hit, counted from 1 since the process saw this text, from which on it is done.</param>
/// <param name="Vm">The only VM for which it is done; null for all, and for what belongs to none.</param>
public sealed partial record FailpointAction(FailpointDeed Deed, TimeSpan Delay, int FirstHit, string? Vm)
{
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromHours(1);

    /// <returns>Null, with the sentence that says what was expected, when the text is no action.</returns>
    public static FailpointAction? TryParse(string text, out string error)
    {
        error = "";
        Match match = Format().Match(text.Trim());
        if (match.Success && TryDelay(match, out TimeSpan delay) && TryFirst(match, out int first))
        {
            string? vm = match.Groups["vm"] is { Success: true } named ? named.Value : null;
            return new FailpointAction(Enum.Parse<FailpointDeed>(match.Groups["deed"].Value, ignoreCase: true), delay, first, vm);
        }

        error = $"'{text.Trim()}' is no action: expected kill, stop, hold, error or 'delay 250ms' (at most 1 h), before it 'N*' to begin with the Nth hit, after it ' vm=NAME' for one VM";
        return null;
    }

    private static bool TryDelay(Match match, out TimeSpan delay)
    {
        delay = TimeSpan.Zero;
        if (match.Groups["number"] is not { Success: true } number)
        {
            return true;
        }

        if (!int.TryParse(number.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int amount))
        {
            return false;
        }

        delay = match.Groups["unit"].Value == "s" ? TimeSpan.FromSeconds(amount) : TimeSpan.FromMilliseconds(amount);
        return delay <= s_longestDelay;
    }

    private static bool TryFirst(Match match, out int first)
    {
        first = 1;
        return match.Groups["first"] is not { Success: true } given
            || (int.TryParse(given.Value, NumberStyles.None, CultureInfo.InvariantCulture, out first) && first >= 1);
    }

    [GeneratedRegex(
        @"^((?<first>\d+)\*)?((?<deed>kill|stop|hold|error)|(?<deed>delay) (?<number>\d+)(?<unit>ms|s))( vm=(?<vm>\S+))?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Format();
}
