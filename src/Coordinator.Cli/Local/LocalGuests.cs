using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Local;

/// <summary>What becomes of the guests when <c>up</c> ends.</summary>
internal static class LocalGuests
{
    static readonly TimeSpan s_stopWithin = TimeSpan.FromSeconds(20);
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <returns>One line to say; never an error, since what remains is to stop the parts.</returns>
    public static async Task<string> Leave(CoordinatorConnection connection, bool endThem)
    {
        using var limit = new CancellationTokenSource(s_stopWithin);
        try
        {
            var guests = await Present(connection, limit.Token);
            if (guests.Count == 0)
                return "no guest was running";
            if (!endThem)
                return $"guests keep running: {string.Join(", ", guests.Select(guest => $"{guest.Name} on {guest.Host}"))}; 'coordctl up' with the same --data takes them over again";
            foreach (var guest in guests)
            {
                var request = new StopVirtualMachineRequest { Name = guest.Name, RequestId = $"up-ends-{guest.Name}-{guest.LaunchId}" };
                await connection.Ask((api, options) => api.StopVirtualMachineAsync(request, options), limit.Token);
            }
            while ((await Present(connection, limit.Token)).Count > 0)
                await Task.Delay(s_pause, limit.Token);
            return $"ended {string.Join(", ", guests.Select(guest => guest.Name))}";
        }
        catch (CommandFailure failure)
        {
            return $"the guests could not be asked about: {failure.Message}";
        }
        catch (OperationCanceledException)
        {
            return $"not all guests ended within {s_stopWithin.TotalSeconds:0} s; they keep running";
        }
    }

    static async Task<IReadOnlyList<VirtualMachine>> Present(CoordinatorConnection connection, CancellationToken cancellation)
    {
        var list = await connection.VirtualMachines(cancellation);
        return [.. list.VirtualMachines.Where(vm => vm.Residence != "Absent")];
    }
}
