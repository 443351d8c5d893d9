using System.CommandLine;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Verbs;

namespace Coordinator.Cli;

/// <summary>The whole program as a function: arguments in, exit code out.</summary>
internal static class Coordctl
{
    public static async Task<int> Run(IReadOnlyList<string> arguments, CliContext context, CancellationToken interrupted)
    {
        var root = Root(context);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in Refusals(parsed).Distinct(StringComparer.Ordinal))
                await context.Error.WriteLineAsync($"coordctl: {error}");
            await context.Error.WriteLineAsync($"coordctl: see '{PathOf(parsed.CommandResult)} --help'");
            return ExitCode.Usage;
        }
        var configuration = new InvocationConfiguration
        {
            Output = context.Out.Profile.Out.Writer,
            Error = context.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, interrupted);
        }
        catch (CommandFailure failure)
        {
            await context.Error.WriteLineAsync($"coordctl: {failure.Message}");
            return failure.ExitCode;
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    static RootCommand Root(CliContext context)
    {
        var shared = new SharedOptions(context);
        return new RootCommand($"Live migration of QEMU virtual machines, with every virtqueue proven.\n\n{ExitCode.Help}")
        {
            shared.Server,
            shared.Tls,
            UpVerb.Command(context),
            VmVerbs.Command(shared),
            MigrateVerb.Command(shared),
            GetVerbs.Command(shared),
            DescribeVerb.Command(shared),
            CancelVerb.Command(shared),
            FenceVerb.Command(shared),
            ResolveVerb.Command(shared),
            ChaosVerbs.Command(shared),
            LoadVerb.Command(shared),
            HoldVerbs.Command(shared),
            HostVerbs.Command(shared),
            ClusterVerbs.Command(shared),
            JournalVerbs.Command(context),
            CertsVerbs.Command(context),
        };
    }

    /// <summary>The library's own sentence for a missing command names none.</summary>
    static IEnumerable<string> Refusals(ParseResult parsed) =>
        parsed.CommandResult.Command.Subcommands is { Count: > 0 } commands && parsed.UnmatchedTokens.Count == 0
            ? [$"'{PathOf(parsed.CommandResult)}' needs a command: {string.Join(", ", commands.Select(command => command.Name))}"]
            : parsed.Errors.Select(error => error.Message);

    static string PathOf(System.CommandLine.Parsing.CommandResult result) =>
        result.Parent is System.CommandLine.Parsing.CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "coordctl";
}
