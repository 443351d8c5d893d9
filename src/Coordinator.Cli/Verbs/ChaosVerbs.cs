using System.CommandLine;
using Coordinator.Cli.Chaos;
using Coordinator.Cli.Outcomes;
using Coordinator.Failpoints;
using Coordinator.History;

namespace Coordinator.Cli.Verbs;

/// <summary>For people who break their own cluster on purpose.</summary>
internal static class ChaosVerbs
{
    const int MostRounds = 1_000_000;
    const int UsualRounds = 20;

    public static Command Command(SharedOptions shared) => new("chaos", "what can be broken on purpose") { Run(shared), Judge(shared), Failpoints(shared) };

    static Command Run(SharedOptions shared)
    {
        Argument<string?> plan = new("PLAN.yaml") { Description = "which VMs, hosts and faults; --example prints one", Arity = ArgumentArity.ZeroOrOne };
        Option<int?> rounds = new("--rounds") { Description = $"migrations, each with one fault; 1 to {MostRounds} [default: {UsualRounds}]", HelpName = "N" };
        Option<int?> seed = new("--seed") { Description = "the same lots again [default: a new one, and it is shown]", HelpName = "N" };
        Option<string?> record = new("--record") { Description = "write what was seen there, for 'coordctl chaos judge'", HelpName = "DIR" };
        Option<bool> dryRun = new("--dry-run") { Description = "read the plan, look at its VMs and hosts, and break nothing" };
        Option<bool> example = new("--example") { Description = "print a plan to begin with" };
        var policy = new PolicyOptions();
        var command = new Command("run", "move the plan's VMs to and fro, break what the plan names in the middle of it, and judge what became of them") { plan, rounds, seed, record, dryRun, example };
        foreach (var option in policy.All)
            command.Add(option);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(rounds) is < 1 or > MostRounds)
                parsed.AddError($"--rounds {parsed.GetValue(rounds)} is not allowed; 1 to {MostRounds}");
            if (parsed.GetValue(plan) is null && !parsed.GetValue(example))
                parsed.AddError("PLAN.yaml is needed; --example prints one");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(example))
            {
                shared.Context.Out.Profile.Out.Writer.WriteLine(ExamplePlan.Text);
                return ExitCode.Ok;
            }
            var file = parsed.GetRequiredValue(plan)!;
            var read = ChaosPlan.Read(file, await ReadText(file, cancellation));
            using var connection = shared.Connect(parsed);
            await PlanCheck.Of(read, connection, cancellation);
            if (parsed.GetValue(dryRun))
            {
                shared.Say($"{read.Vms.Count} VMs, {read.Hosts.Count} hosts, {read.Faults.Count} faults: nothing stands in the way");
                return ExitCode.Ok;
            }
            var drawn = parsed.GetValue(seed) ?? Random.Shared.Next();
            shared.Say($"seed {drawn}");
            var run = new ChaosRun(connection, read, policy.Read(parsed), drawn, shared.Say);
            try
            {
                await run.Run(parsed.GetValue(rounds) ?? UsualRounds, cancellation);
                return Report(shared, run);
            }
            finally
            {
                // After the judgement: the directory may be one of the plan's own histories.
                if (parsed.GetValue(record) is { } folder)
                    Write(run.History, folder);
            }
        });
        return command;
    }

    static Command Judge(SharedOptions shared)
    {
        Argument<string[]> folders = new("DIR") { Description = "with *.history.jsonl, recorded by agents (COORDINATOR_HISTORY) or by 'coordctl chaos run --record'", Arity = ArgumentArity.OneOrMore };
        Option<int> tolerance = new("--clock-tolerance") { Description = "how far the clocks of the writers may differ, in milliseconds", HelpName = "MS" };
        Option<int> deadline = new("--switchover-deadline") { Description = "of the migrations' policy, in milliseconds", DefaultValueFactory = _ => 5_000, HelpName = "MS" };
        var command = new Command("judge", "whether recorded histories break a promise: two copies that ran at once, a register that lied, an epoch that fell, a result that changed, a guest that stood still") { folders, tolerance, deadline };
        command.SetAction(parsed =>
        {
            try
            {
                var found = parsed.GetRequiredValue(folders).SelectMany(HistoryLines.ReadDirectory).ToList();
                if (found.Count == 0)
                    throw new CommandFailure(ExitCode.NotFound, "there is no record in these directories; agents write them when COORDINATOR_HISTORY names a directory");
                var judgement = HistoryJudge.Judge(found, new JudgeSettings { ClockToleranceMicros = parsed.GetValue(tolerance) * 1_000L, SwitchoverDeadlineMicros = parsed.GetValue(deadline) * 1_000L });
                shared.Context.Out.Profile.Out.Writer.Write(judgement.ToString());
                return judgement.IsGood ? ExitCode.Ok : ExitCode.Failed;
            }
            catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
            {
                throw new CommandFailure(ExitCode.Usage, $"the histories cannot be read: {error.Message}");
            }
        });
        return command;
    }

    static Command Failpoints(SharedOptions shared)
    {
        var failpoints = new Command(
            "failpoints",
            $"list every failpoint of coordinators and agents. A process started with {Failpoint.Variable}=DIR looks for a file of a point's name in DIR at each hit; its text is "
                + "kill, stop, hold (until the file is deleted), 'delay 250ms' or error, with 'N*' before it to begin with the Nth hit and ' vm=NAME' after it for one VM");
        failpoints.SetAction(_ =>
        {
            var width = FailpointCatalogue.All.Keys.Max(name => name.Length);
            foreach (var (name, meaning) in FailpointCatalogue.All)
                shared.Context.Out.Profile.Out.Writer.WriteLine($"{name.PadRight(width)}  {meaning}");
        });
        return failpoints;
    }

    static int Report(SharedOptions shared, ChaosRun run)
    {
        var judgement = run.Judge();
        shared.Say("");
        shared.Context.Out.Profile.Out.Writer.Write(judgement.ToString());
        foreach (var violation in run.Violations)
            shared.Say(violation);
        shared.Say($"{run.Violations.Count + judgement.Violations.Count} violations, {run.InDoubt} in doubt{(run.InDoubt > 0 ? ": 'coordctl get alerts' has them" : "")}");
        return run.Violations.Count > 0 || !judgement.IsGood ? ExitCode.Failed : run.InDoubt > 0 ? ExitCode.InDoubt : ExitCode.Ok;
    }

    static void Write(IReadOnlyList<HistoryRecord> history, string folder)
    {
        Directory.CreateDirectory(folder);
        using var file = File.Create(Path.Combine(folder, $"coordctl-{Environment.ProcessId}{HistoryLines.FileExtension}"));
        foreach (var record in history)
            HistoryLines.Write(record, file);
    }

    static async Task<string> ReadText(string path, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Usage, $"the plan cannot be read: {error.Message}");
        }
    }
}
