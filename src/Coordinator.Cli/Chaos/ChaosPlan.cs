using System.Globalization;
using Coordinator.Cli.Outcomes;
using Coordinator.Domain;
using Coordinator.History;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Coordinator.Cli.Chaos;

/// <summary>What is broken on purpose, by whose commands, on which VMs. Written by the people whose cluster it is: only they know how one of their processes is killed or a link is cut.</summary>
internal sealed record ChaosPlan
{
    const int SettleSecondsAtMost = 3_600;

    /// <summary>VMs that may be moved, and lost if a fault says so; each runs when the run begins.</summary>
    public required IReadOnlyList<string> Vms { get; init; }

    /// <summary>Hosts to move them between; two or more.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>Within this time after a fault's end everything is over: a result, the VM on one host, the API answering. 1 s to 1 h.</summary>
    public required TimeSpan Settle { get; init; }

    public required IReadOnlyList<PlannedFault> Faults { get; init; }

    /// <summary>Directories of what the agents have recorded (COORDINATOR_HISTORY); judged at the end when there are any.</summary>
    public required IReadOnlyList<string> Histories { get; init; }

    /// <summary>How far the clocks of the hosts may differ; for the judgement of the histories.</summary>
    public required TimeSpan ClockTolerance { get; init; }

    /// <exception cref="CommandFailure">Every problem of the file, one a line.</exception>
    public static ChaosPlan Read(string path, string yaml)
    {
        Document document;
        try
        {
            document = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).WithDuplicateKeyChecking().Build().Deserialize<Document?>(yaml) ?? new Document();
        }
        catch (YamlException e)
        {
            var why = e.InnerException?.Message ?? e.Message;
            throw new CommandFailure(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"{path}:{e.Start.Line}:{e.Start.Column}: {why}; see 'coordctl chaos run --example'"));
        }
        List<string> problems = [];
        var plan = document.Plan(problems);
        return problems.Count == 0 ? plan : throw new CommandFailure(ExitCode.Usage, string.Join('\n', problems.Select(problem => $"{path}: {problem}")));
    }

    /// <summary>The file as it is written.</summary>
    sealed class Document
    {
        public List<string?>? Vms { get; set; }

        public List<string?>? Hosts { get; set; }

        public int SettleSeconds { get; set; } = 120;

        public int ClockToleranceMs { get; set; }

        public List<string?>? Histories { get; set; }

        public List<FaultDocument?>? Faults { get; set; }

        public ChaosPlan Plan(List<string> problems)
        {
            var vms = Names(Vms, "vms", least: 1, name => new VmName(name), problems);
            var hosts = Names(Hosts, "hosts", least: 2, name => new HostName(name), problems);
            if (SettleSeconds is < 1 or > SettleSecondsAtMost)
                problems.Add($"settleSeconds {SettleSeconds} is not allowed; 1 to {SettleSecondsAtMost}");
            if (ClockToleranceMs is < 0 or > 60_000)
                problems.Add($"clockToleranceMs {ClockToleranceMs} is not allowed; 0 to 60000");
            var faults = (Faults ?? []).Select((fault, at) => (fault ?? new FaultDocument()).Fault($"faults[{at}]", problems)).ToList();
            if (faults.Count == 0)
                problems.Add("faults: name one at least, with the command that strikes");
            foreach (var twice in faults.GroupBy(fault => fault.Name, StringComparer.Ordinal).Where(same => same.Key.Length > 0 && same.Count() > 1))
                problems.Add($"faults: '{twice.Key}' stands there {twice.Count()} times");
            var histories = (Histories ?? []).OfType<string>().ToList();
            problems.AddRange(histories.Where(folder => !Directory.Exists(folder)).Select(folder => $"histories: there is no directory {folder}"));
            return new ChaosPlan
            {
                Vms = vms,
                Hosts = hosts,
                Settle = TimeSpan.FromSeconds(SettleSeconds),
                Faults = faults,
                Histories = histories,
                ClockTolerance = TimeSpan.FromMilliseconds(ClockToleranceMs),
            };
        }

        static List<string> Names(List<string?>? given, string field, int least, Action<string> check, List<string> problems)
        {
            var names = (given ?? []).Select(name => name ?? "").Distinct(StringComparer.Ordinal).ToList();
            if (names.Count < least)
                problems.Add($"{field}: {least} or more are needed");
            foreach (var name in names)
            {
                try
                {
                    check(name);
                }
                catch (InvalidValueException refused)
                {
                    problems.Add($"{field}: {refused.Message}");
                }
            }
            return names;
        }
    }

    sealed class FaultDocument
    {
        public string? Name { get; set; }

        public string? Strike { get; set; }

        public string? Heal { get; set; }

        public int LastsMs { get; set; }

        public List<string?>? During { get; set; }

        public string? Hits { get; set; }

        public string? As { get; set; }

        public bool MayLose { get; set; }

        public PlannedFault Fault(string at, List<string> problems)
        {
            if (string.IsNullOrWhiteSpace(Name))
                problems.Add($"{at}: 'name' is missing");
            if (string.IsNullOrWhiteSpace(Strike))
                problems.Add($"{at}: 'strike' is missing: the shell command that strikes");
            if (LastsMs is < 0 or > 600_000)
                problems.Add($"{at}: lastsMs {LastsMs} is not allowed; 0 to 600000");
            var during = (During ?? []).Select(phase => phase ?? "").ToList();
            foreach (var phase in during.Where(phase => !StrikeMoment.Phases.Contains(phase)))
                problems.Add($"{at}: during '{phase}' is not allowed; {string.Join(", ", StrikeMoment.Phases)}");
            var kind = FaultKind.Dead;
            if (As is { } word && !(Enum.TryParse(word, ignoreCase: true, out kind) && Enum.GetNames<FaultKind>().Contains(word, StringComparer.OrdinalIgnoreCase)))
                problems.Add($"{at}: as '{word}' is not allowed; {string.Join(", ", Enum.GetNames<FaultKind>().Select(name => name.ToLowerInvariant()))}");
            if (Hits is { } party && !StruckParty.Words.Contains(party.Split(' ')[0]))
                problems.Add($"{at}: hits '{party}' is not allowed; {StruckParty.Allowed}");
            return new PlannedFault(Name ?? "", Strike ?? "", Heal ?? "", TimeSpan.FromMilliseconds(LastsMs), during.Count > 0 ? during : StrikeMoment.Phases, Hits, kind, MayLose);
        }
    }
}

/// <summary>One thing to break.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Strike">Run by <c>sh -c</c> with VM, SOURCE and DESTINATION in its environment; must end with 0.</param>
/// <param name="Heal">The same at the fault's end; empty where a supervisor mends it.</param>
/// <param name="Lasts">From the strike to the healing.</param>
/// <param name="During">In one of these phases, drawn by lot.</param>
/// <param name="Hits">Who is away meanwhile, for the judgement of standstills; null is nobody.</param>
/// <param name="Kind">How.</param>
/// <param name="MayLose">It may kill the only copy of the guest.</param>
internal sealed record PlannedFault(string Name, string Strike, string Heal, TimeSpan Lasts, IReadOnlyList<string> During, string? Hits, FaultKind Kind, bool MayLose);
