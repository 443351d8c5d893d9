using System.Runtime.InteropServices;
using Coordinator.Chaos.Cells;
using Coordinator.Chaos.Cluster;
using Coordinator.Chaos.Peers;

// The matrix as a program: [--libvirt | --phases | --loaded | --cluster] [--only PART OF A NAME[,PART]] [--results DIR] [--again]. What has a result in DIR is not run again; delete its file, or use another DIR.
string? folder = null;
string only = "";
bool again = false;
string what = "";
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--only":
            only = args[++i];
            break;
        case "--results":
            folder = args[++i];
            break;
        case "--libvirt" or "--phases" or "--loaded" or "--cluster":
            what = args[i];
            break;
        case "--again":
            again = true;
            break;
        default:
            Console.Error.WriteLine($"unknown option {args[i]}; see the first lines of Program.cs");
            return 64;
    }
}

using CancellationTokenSource stop = new();
void Stop(PosixSignalContext signal)
{
    // What runs is finished, and its laboratory taken down.
    signal.Cancel = true;
    stop.Cancel();
}

using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using PosixSignalRegistration hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
return what == "--cluster" ? await RunRoundsAsync() : await RunCellsAsync();

bool IsWanted(string name) => only.Split(',').All(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));

int Nothing(string kind)
{
    Console.Error.WriteLine($"no {kind}'s name has all of '{only}' in it");
    return 64;
}

async Task<int> RunRoundsAsync()
{
    ClusterRounds rounds = new(Path.GetFullPath(folder ?? "artifacts/chaos-cluster"), Console.WriteLine);
    List<ClusterFault> faults = [.. ClusterFault.All.Where(fault => IsWanted(fault.Name))];
    if (faults.Count == 0)
    {
        return Nothing("round");
    }

    if (again)
    {
        faults.ForEach(rounds.Forget);
    }

    await rounds.RunAsync(faults, stop.Token);
    Console.WriteLine(RoundSum.Of([.. faults.Select(rounds.ResultOf).OfType<RoundResult>()], faults.Count));
    return faults.All(fault => rounds.ResultOf(fault) is { IsGood: true }) ? 0 : 1;
}

async Task<int> RunCellsAsync()
{
    IEnumerable<Cell> offered = what switch
    {
        "--libvirt" => LibvirtRow.All.Select(row => row.Ours).Distinct(),
        "--phases" => Matrix.Cells,
        "--loaded" => Matrix.TickingCells,
        _ => Matrix.Cells.Concat(Matrix.MoreCells),
    };
    List<Cell> cells = [.. offered.Where(cell => IsWanted(cell.Name))];
    if (cells.Count == 0)
    {
        return Nothing("cell");
    }

    Matrix matrix = new(Path.GetFullPath(folder ?? "artifacts/chaos"), Console.WriteLine);
    if (again)
    {
        cells.ForEach(matrix.Forget);
    }

    await matrix.RunAsync(cells, stop.Token);
    Console.WriteLine(what == "--libvirt"
        ? LibvirtTable.Of(LibvirtRow.All.Where(row => cells.Contains(row.Ours)).Select(row => (row, matrix.ResultOf(row.Ours))))
        : MatrixTable.Of(cells.Select(cell => (cell, matrix.ResultOf(cell)))));
    return cells.All(cell => matrix.ResultOf(cell) is { IsGood: true }) ? 0 : 1;
}
