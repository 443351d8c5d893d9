using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Load;

/// <summary>Takes the VMs of a load away from the coordinators again, so that nothing of them is left but history.</summary>
internal sealed class LoadFarewell(LoadClients clients, TimeProvider clock)
{
    const int AtATime = 32;

    static readonly TimeSpan s_within = TimeSpan.FromMinutes(2);
    static readonly TimeSpan s_answerWithin = TimeSpan.FromSeconds(30);
    static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    /// <summary>As many as can be stopped within two minutes; it never fails, since what remains is to end the hosts.</summary>
    public async Task Stop(IReadOnlyList<string> vms)
    {
        using CancellationTokenSource limit = new(s_within);
        try
        {
            await Parallel.ForEachAsync(vms, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = limit.Token }, async (vm, stop) => await Stop(vm, stop));
        }
        catch (OperationCanceledException)
        {
            // The rest stays, and 'coordctl vm list' shows it.
        }
    }

    async Task Stop(string vm, CancellationToken cancellation)
    {
        for (var isAbsent = false; !isAbsent;)
        {
            try
            {
                var request = new StopVirtualMachineRequest { Name = vm, RequestId = $"{vm}-stop-{Guid.NewGuid():N}" };
                isAbsent = (await clients.Ask((api, call) => api.StopVirtualMachineAsync(request, call), s_answerWithin, cancellation)).Residence == "Absent";
            }
            catch (CommandFailure unknown) when (unknown.ExitCode == ExitCode.NotFound)
            {
                return;
            }
            catch (CommandFailure)
            {
                // It migrates: a load that was broken off.
                await Cancel(vm, cancellation);
            }
            if (!isAbsent)
                await Task.Delay(s_again, clock, cancellation);
        }
    }

    async Task Cancel(string vm, CancellationToken cancellation)
    {
        try
        {
            await clients.Ask((api, call) => api.CancelMigrationAsync(new CancelMigrationRequest { Vm = vm, RequestId = $"{vm}-cancel-{Guid.NewGuid():N}" }, call), s_answerWithin, cancellation);
        }
        catch (CommandFailure)
        {
            // Too late for a cancel, or nobody answers: the stop is tried again.
        }
    }
}
