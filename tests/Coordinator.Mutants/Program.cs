using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Coordinator.Domain;
using Coordinator.Mutants;

// Mutants of the decision code, all in one build, switched by a number:
//   write DOMAIN TARGET [REFUSED...]      the mutated domain as a project; mutants that the compiler refuses are left out
//   refused COMPILER-OUTPUT               their numbers
//   run LIST EQUIVALENTS [--schedules N] [--search] [--sample K] [--only N,N] [--from N] [--stride K --phase P]    in the folder whose Coordinator.Domain.dll is the mutated one
switch (args[0])
{
    case "write":
        IReadOnlyList<Mutant> written = MutantSource.Write(args[1], args[2], args.Skip(3).Select(int.Parse).ToHashSet());
        Console.WriteLine($"{written.Count} mutants");
        return 0;
    case "refused":
        Console.WriteLine(string.Join(' ', MutantSource.Refused(File.ReadAllText(args[1])).Distinct().Order()));
        return 0;
    case "run":
        return MutantRun.Run(args[1], args[2], args[3..]);
    default:
        throw new ArgumentException("write, refused or run; see the first lines of Program.cs");
}
