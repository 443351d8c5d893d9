namespace Coordinator.Cli.Outcomes;

/// <summary>Ends a command. The message is one sentence that says what was wrong and what is allowed; it is all that the user is shown.</summary>
internal sealed class CommandFailure(int exitCode, string sentence) : Exception(sentence)
{
    public int ExitCode { get; } = exitCode;
}
