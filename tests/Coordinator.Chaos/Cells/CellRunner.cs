using Coordinator.Chaos.Faults;
using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Observers;
using Coordinator.Lab.Processes;

namespace Coordinator.Chaos.Cells;

/// <summary>Carries out one cell: a guest of its own, a migration that stands still at the place, the fault, and whatever follows by itself.</summary>
internal sealed class CellRunner(ChaosLab lab)
{
    public const int PrepareDeadlineMs = 7_000;

    private const int SmallMib = 64;
    private const int SlowMib = 2_048;

    /// <summary>Coordinators answer within some seconds after they are there again; agents dial every 2 s. Counted from the end of the fault.</summary>
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(75);

    private static readonly TimeSpan s_settleLimit = TimeSpan.FromSeconds(20);

    public async Task<CellResult> RunAsync(Cell cell)
    {
        string vm = ChaosLab.NewVm();
        try
        {
            int memoryMib = cell.Place.IsMidCopy ? SlowMib : SmallMib;
            (VirtualMachine started, TickConsole? console) = cell.IsTicking ? await lab.StartTickingVmAsync(vm, memoryMib) : (await lab.StartVmAsync(vm, memoryMib), null);
            await using Strike strike = new(lab, cell.Fault, vm);
            CellScene scene = new(lab, cell, vm, started, strike, console);
            RequestId request = new(Guid.NewGuid().ToString());
            await BringAsync(cell, vm, request, strike, scene);
            Migration? ended = await EndedAsync(cell, vm);
            SeenByClient.Note(strike.Note, vm, ended);
            await SettledAsync(vm, ended);
            if (cell.IsTicking)
            {
                await RestartServerAsync();
            }

            // The same request once more, and the same result: what a client was told stays true.
            await RequestAsync(cell, vm, request, strike);
            ended = await lab.Api.MigrationAsync(vm);
            SeenByClient.Note(strike.Note, vm, ended);
            return await scene.JudgeAsync(ended);
        }
        finally
        {
            await RemoveAsync(vm);
        }
    }

    private async Task BringAsync(Cell cell, string vm, RequestId request, Strike strike, CellScene scene)
    {
        if (cell.Place.IsMidCopy)
        {
            await RequestAsync(cell, vm, request, strike);
            await lab.Api.MigrationAsync(vm, migration => migration is { Phase: "Iterating", Progress.TransferredBytes: > 100_000 }, "memory to be copied");
            scene.Struck();
            await strike.BeginAsync();
            await strike.EndAsync();
            return;
        }

        Part holder = cell.Place.HolderIn(lab, cell.Moment);
        using HoldPoint? kept = cell.Place.IsRollback ? new HoldPoint(lab.FailpointsOf(lab.SourceAgent), "agent.handoff.released.before", vm) : null;
        using HoldPoint hold = new(lab.FailpointsOf(holder), $"{cell.Place.Point}.{(cell.Moment == Moment.Before ? "before" : "after")}", vm);
        await RequestAsync(cell, vm, request, strike);
        await hold.ReachedAsync(lab.Deployment.Log);
        kept?.Dispose();
        scene.Struck();
        await strike.BeginAsync();
        hold.Dispose();
        await strike.EndAsync();
    }

    private async Task RequestAsync(Cell cell, string vm, RequestId request, Strike strike)
    {
        Migration acknowledged = await lab.Api.MigrateAsync(vm, Deployment.Beta, cell.Place.Policy(), request.Value);
        strike.Note(new RequestAcknowledged(HistoryClock.NowMicros(), new VmName(vm), request, Guid.Parse(acknowledged.Id)));
    }

    private async Task<Migration?> EndedAsync(Cell cell, string vm)
    {
        Migration? seen = null;
        bool IsOver(Migration migration) => migration.Terminal || (migration.Phase == "InDoubt" && !cell.MayBeDoubtedMeanwhile);
        try
        {
            return await Eventually.Becomes(async () => IsOver(seen = await lab.Api.MigrationAsync(vm)) ? seen : null, s_endLimit, "the migration to end");
        }
        catch (TimeoutException)
        {
            return seen;
        }
    }

    /// <summary>What is owed may be paid after the result: one process and no more, or none.</summary>
    private async Task SettledAsync(string vm, Migration? ended)
    {
        try
        {
            await Eventually.BecomesTrue(
                () => ended?.Phase switch
                {
                    "Succeeded" or "Failed" or "Cancelled" => lab.Observer.Of(vm).Count(qemu => qemu.IsAlive) == 1,
                    _ => true,
                },
                s_settleLimit, "one QEMU to be left");
        }
        catch (TimeoutException)
        {
            // The judgement says so.
        }
    }

    private async Task RestartServerAsync()
    {
        await lab.Deployment.Coordinators[0].KillAsync();
        await lab.RestoreAsync();
    }

    private async Task RemoveAsync(string vm)
    {
        foreach (SeenQemu qemu in lab.Observer.Of(vm).Where(qemu => qemu.IsAlive))
        {
            ProcessSignal.Kill(qemu.Pid);
        }

        await Eventually.BecomesTrue(() => lab.Observer.Of(vm).All(qemu => !qemu.IsAlive), s_settleLimit, "the QEMUs of the cell to be gone");
    }
}
