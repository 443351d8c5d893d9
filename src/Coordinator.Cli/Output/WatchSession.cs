using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;
using Spectre.Console;

namespace Coordinator.Cli.Output;

/// <summary>Shows one migration until it ends, then its result.</summary>
internal static class WatchSession
{
    public static async Task<Migration> Run(CoordinatorConnection connection, Migration started, CliContext context, CancellationToken cancellation)
    {
        try
        {
            var watch = new MigrationWatch(connection);
            var ended = context.IsTerminal
                ? await new LiveOutput(context.Out, started).Run(tell => watch.Follow(started.Vm, started.Id, tell, cancellation))
                : await watch.Follow(started.Vm, started.Id, new LineOutput(context.Out.Profile.Out.Writer).Tell, cancellation);
            // Lines have told the events already; a page that was redrawn leaves nothing behind.
            context.Write(context.IsTerminal ? MigrationPage.Full(ended) : MigrationPage.Result(ended), MigrationPage.ColumnsAtLeast);
            context.Out.WriteLine(MigrationOutcome.SentenceOf(ended));
            return ended;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await context.Error.WriteLineAsync($"coordctl: no longer watching; the migration of {started.Vm} goes on, 'coordctl cancel {started.Vm}' would end it");
            throw;
        }
    }
}
