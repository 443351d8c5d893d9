using System.Runtime.InteropServices;
using Coordinator.Chaos.Cells;
using Coordinator.Chaos.Peers;

// The matrix as a program: [--libvirt | --phases | --loaded] [--only PART OF A CELL'S NAME[,PART]] [--results DIR] [--again]. What has a result in DIR is not run again; delete its file, or use another DIR.
string folder = Path.GetFullPath("artifacts/chaos");
string only = "";
bool again = false;
bool libvirt = false;
bool phases = false;
bool loaded = false;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--only":
            only = args[++i];
            break;
        case "--results":
            folder = Path.GetFullPath(args[++i]);
            break;
        case "--libvirt":
            libvirt = true;
            break;
        case "--phases":
            phases = true;
            break;
        case "--loaded":
            loaded = true;
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
    // The cell that runs is finished, and its laboratory taken down.
    signal.Cancel = true;
    stop.Cancel();
}

using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using PosixSignalRegistration hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
IEnumerable<Cell> offered = libvirt ? LibvirtRow.All.Select(row => row.Ours).Distinct() : phases ? Matrix.Cells : loaded ? Matrix.TickingCells : Matrix.Cells.Concat(Matrix.MoreCells);
List<Cell> cells = [.. offered.Where(cell => only.Split(',').All(part => cell.Name.Contains(part, StringComparison.OrdinalIgnoreCase)))];
if (cells.Count == 0)
{
    Console.Error.WriteLine($"no cell's name has all of '{only}' in it");
    return 64;
}

if (again)
{
    cells.ForEach(cell => File.Delete(Path.Combine(folder, cell.Name + ".json")));
}

Matrix matrix = new(folder, Console.WriteLine);
await matrix.RunAsync(cells, stop.Token);
Console.WriteLine(libvirt
    ? LibvirtTable.Of(LibvirtRow.All.Where(row => cells.Contains(row.Ours)).Select(row => (row, matrix.ResultOf(row.Ours))))
    : MatrixTable.Of(cells.Select(cell => (cell, matrix.ResultOf(cell)))));
return cells.All(cell => matrix.ResultOf(cell) is { IsGood: true }) ? 0 : 1;
