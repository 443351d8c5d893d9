using System.CommandLine;
using System.Diagnostics;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Verbs;

/// <summary>The journal's file, by the sibling binary coordinator-server: coordctl itself speaks the API only, and a restore needs no running coordinator.</summary>
internal static class JournalVerbs
{
    public static Command Command(CliContext context) => new("journal", "back up and restore the coordinators' journal on this machine")
    {
        Verb(context, "backup", "a consistent copy while coordinators run; FILE must not exist"),
        Verb(context, "restore", "put a backup in the journal's place; refused while a coordinator runs"),
    };

    static Command Verb(CliContext context, string name, string description)
    {
        Argument<string> file = new("FILE");
        Option<string?> data = new("--data") { Description = "directory of the journal: 'coordinator-server --data', or DIR/journal of 'coordctl up' (COORDINATOR_DATA)", HelpName = "DIR" };
        var command = new Command(name, description) { file, data };
        command.SetAction(async (parsed, cancellation) =>
        {
            var directory = parsed.GetValue(data) ?? context.Environment("COORDINATOR_DATA")
                ?? throw new CommandFailure(ExitCode.Usage, "--data DIR is needed (or COORDINATOR_DATA): the directory of the journal");
            return await Run(context, ["journal", name, Path.GetFullPath(parsed.GetRequiredValue(file)), "--data", Path.GetFullPath(directory)], cancellation);
        });
        return command;
    }

    static async Task<int> Run(CliContext context, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var binary = Path.Combine(context.BinaryDirectory, "coordinator-server");
        var start = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new CommandFailure(process.ExitCode, (await error).Trim());
        await context.Out.Profile.Out.Writer.WriteLineAsync((await output).Trim());
        return ExitCode.Ok;
    }

    static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new CommandFailure(ExitCode.Failed, $"{start.FileName} cannot be started ({missing.Message}); it belongs beside coordctl");
        }
    }
}
