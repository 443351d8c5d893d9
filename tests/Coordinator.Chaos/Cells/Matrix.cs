using System.Text.Json;
using Coordinator.Chaos.Laboratory;

namespace Coordinator.Chaos.Cells;

/// <summary>Cells with their results on disk: one file each, so that a run that was interrupted goes on where it was, and two runs can share the work.</summary>
internal sealed class Matrix(string folder, Action<string> say)
{
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true };

    public static IReadOnlyList<Cell> Cells =>
    [
        .. CellPlace.All.SelectMany(place => CellFaults.OfMatrix.SelectMany(fault =>
            (place.IsMidCopy ? new[] { Moment.After } : [Moment.Before, Moment.After]).Select(moment => new Cell(place, moment, fault))))
            .Where(cell => cell.IsPossible),
    ];

    /// <summary>Links, monitors, disks and long absences, where each of them matters in another way.</summary>
    public static IReadOnlyList<Cell> MoreCells =>
    [
        .. new[] { CellPlace.Preparing, CellPlace.MidCopy, CellPlace.PreSwitchover, CellPlace.Releasing, CellPlace.Deciding, CellPlace.Finishing }.SelectMany(place =>
            CellFaults.OfLinksAndDisks.Select(fault => new Cell(place, place.IsMidCopy ? Moment.After : Moment.Before, fault))),
        .. new[] { CellPlace.MidCopy, CellPlace.PreSwitchover, CellPlace.Releasing, CellPlace.Deciding, CellPlace.Finishing, CellPlace.RollingBack }.SelectMany(place =>
            CellFaults.OfLongAbsence.Select(fault => new Cell(place, place.IsMidCopy ? Moment.After : Moment.Before, fault))),
        .. TickingCells,
    ];

    /// <summary>With a guest that counts: a lost step, one that was made twice, and a count that stands still would show.</summary>
    public static IReadOnlyList<Cell> TickingCells =>
    [
        new(CellPlace.Preparing, Moment.After, CellFault.KillDestinationAgent) { IsTicking = true },
        new(CellPlace.Starting, Moment.After, CellFault.KillSourceAgent) { IsTicking = true },
        new(CellPlace.MidCopy, Moment.After, CellFault.KillBothAgents) { IsTicking = true },
        new(CellPlace.MidCopy, Moment.After, CellFault.KillDestinationQemu) { IsTicking = true },
        new(CellPlace.PreSwitchover, Moment.After, CellFault.CutBetweenHosts) { IsTicking = true },
        new(CellPlace.Releasing, Moment.Before, CellFault.KillServer) { IsTicking = true },
        new(CellPlace.Releasing, Moment.After, CellFault.CutBetweenHosts) { IsTicking = true },
        new(CellPlace.Deciding, Moment.After, CellFault.KillDestinationAgent) { IsTicking = true },
        new(CellPlace.Resuming, Moment.Before, CellFault.KillBothAgents) { IsTicking = true },
        new(CellPlace.Verifying, Moment.Before, CellFault.KillServer) { IsTicking = true },
        new(CellPlace.Finishing, Moment.After, CellFault.KillSourceAgent) { IsTicking = true },
        new(CellPlace.RollingBack, Moment.Before, CellFault.KillBothAgents) { IsTicking = true },
    ];

    public CellResult? ResultOf(Cell cell) =>
        File.Exists(PathOf(cell)) ? JsonSerializer.Deserialize<CellResult>(File.ReadAllText(PathOf(cell)), s_format) : null;

    public void Forget(Cell cell) => File.Delete(PathOf(cell));

    /// <summary>Runs what has no result yet. A cell that goes wrong costs its laboratory, so that it cannot disturb the next one.</summary>
    public async Task RunAsync(IReadOnlyList<Cell> cells, CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        ChaosLab? lab = null;
        try
        {
            foreach (Cell cell in cells)
            {
                if (stop.IsCancellationRequested || File.Exists(PathOf(cell)) || !TryTake(cell))
                {
                    continue;
                }

                lab ??= await ChaosLab.StartAsync();
                CellResult result = await RunAsync(lab, cell);
                Keep(cell, result, lab);
                say(Line(result));
                if (!result.IsGood || result.Phase is "InDoubt" or "Lost")
                {
                    await lab.DisposeAsync();
                    lab = null;
                }
            }
        }
        finally
        {
            if (lab is not null)
            {
                await lab.DisposeAsync();
            }
        }
    }

    public static string Line(CellResult result)
    {
        string blame = result.Blame.Length > 0 ? $"; {result.Blame}" : "";
        return $"{(result.IsGood ? "ok  " : "BAD ")} {result.Cell,-74} {result.Phase,-10} {result.Verdict,-9} standstill {result.StandstillMs,8:0.0} ms, settled after {result.SettledAfterMs,6:0} ms{blame}"
            + string.Concat(result.Violations.Select(violation => $"\n       {violation}"));
    }

    public static async Task<CellResult> RunAsync(ChaosLab lab, Cell cell)
    {
        try
        {
            await lab.RestoreAsync();
            return await new CellRunner(lab).RunAsync(cell);
        }
#pragma warning disable CA1031 // Whatever went wrong is the result of this cell; the others are run all the same.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return CellResult.Broken(cell, e.ToString());
        }
    }

    /// <summary>Another run of the same folder has it, unless that run is gone.</summary>
    private bool TryTake(Cell cell)
    {
        string claim = PathOf(cell) + ".claim";
        try
        {
            using FileStream made = new(claim, FileMode.CreateNew);
            using StreamWriter writer = new(made);
            writer.Write(Environment.ProcessId);
            return true;
        }
        catch (IOException)
        {
            if (File.Exists(claim) && int.TryParse(File.ReadAllText(claim), out int pid) && pid != Environment.ProcessId && Directory.Exists($"/proc/{pid}"))
            {
                return false;
            }

            File.WriteAllText(claim, Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return true;
        }
    }

    private void Keep(Cell cell, CellResult result, ChaosLab lab)
    {
        if (!result.IsGood)
        {
            File.WriteAllText(PathOf(cell) + ".log", lab.Deployment.Log());
        }

        // Whole when it is there.
        string unfinished = PathOf(cell) + ".new";
        File.WriteAllText(unfinished, JsonSerializer.Serialize(result, s_format));
        File.Move(unfinished, PathOf(cell), overwrite: true);
        File.Delete(PathOf(cell) + ".claim");
    }

    private string PathOf(Cell cell) => Path.Combine(folder, cell.Name + ".json");
}
