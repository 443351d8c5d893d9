using System.Diagnostics;
using System.Globalization;
using Coordinator.Search;
using Coordinator.Simulation;

// The simulator as a program: [--seed N] [--schedules N] [--faults N] [--only Kind,Kind] [--third-party] [--draw undisturbed|coordinators|network|attempts] [--defect Name] [--trace] [--threads N] [--keep-going]
ulong seed = 1;
int schedules = 20_000;
int faults = 6;
int threads = Environment.ProcessorCount;
bool tells = false;
string drawn = "any";
bool keepsGoing = false;
IReadOnlyList<FaultKind>? kinds = null;
ProtocolRules rules = new();
for (int i = 0; i < args.Length; i++)
{
    string Next() => args[++i];
    switch (args[i])
    {
        case "--seed":
            seed = ulong.Parse(Next(), CultureInfo.InvariantCulture);
            break;
        case "--schedules":
            schedules = int.Parse(Next(), CultureInfo.InvariantCulture);
            break;
        case "--faults":
            faults = int.Parse(Next(), CultureInfo.InvariantCulture);
            break;
        case "--threads":
            threads = int.Parse(Next(), CultureInfo.InvariantCulture);
            break;
        case "--only":
            kinds = Next().Split(',').Select(Enum.Parse<FaultKind>).ToArray();
            break;
        case "--third-party":
            kinds = FaultKinds.All;
            break;
        case "--defect":
            rules = (ProtocolRules)Activator.CreateInstance(typeof(Defects).GetNestedType(Next()) ?? throw new ArgumentException("no such defect; see Coordinator.Search/Defects.cs"))!;
            break;
        case "--draw":
            drawn = Next();
            break;
        case "--trace":
            tells = true;
            break;
        case "--keep-going":
            keepsGoing = true;
            break;
        default:
            throw new ArgumentException($"unknown option {args[i]}; see the first lines of Program.cs");
    }
}

if (tells)
{
    Schedule one = Draw(seed);
    List<string> trace = [];
    string? broken = Simulator.Run(one, rules, new Coverage(), trace);
    Console.WriteLine(one);
    trace.ForEach(Console.WriteLine);
    return broken is null ? 0 : 1;
}

Schedule Draw(ulong one) => drawn switch
{
    "undisturbed" => Schedule.DrawUndisturbed(one),
    "coordinators" => Schedule.DrawCoordinatorFaults(one),
    "network" => Schedule.DrawBadNetwork(one),
    "attempts" => Schedule.DrawBrokenAttempts(one),
    _ => Schedule.Draw(one, faults, kinds),
};

Stopwatch clock = Stopwatch.StartNew();
Fleet fleet = new(rules, Draw);
fleet.Run(seed, schedules, threads, keepsGoing);
Console.Write(fleet.Coverage);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{fleet.Coverage.Schedules} schedules from seed {seed}, {fleet.Violations.Count} violations, {clock.Elapsed.TotalSeconds:F1} s on {threads} threads: {fleet.Coverage.Schedules / Environment.CpuUsage.TotalTime.TotalSeconds:F0} a second of processor time"));
foreach (IGrouping<string, (ulong Seed, string Violation)> group in fleet.Violations.GroupBy(v => string.Concat(v.Violation.Take(60))).OrderByDescending(g => g.Count()))
{
    Console.WriteLine($"{group.Count()} x {group.First().Violation} (seeds {string.Join(", ", group.Take(8).Select(v => v.Seed))})");
}

if (fleet.Violations.Count > 0)
{
    (ulong worst, string violation) = fleet.Violations[0];
    Console.WriteLine(Shrinker.Shrink(Draw(worst), violation, rules));
}

return fleet.Violations.Count == 0 ? 0 : 1;
