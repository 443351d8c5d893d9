using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Api;

/// <summary>Lists come in pages; a person, and whoever looks for what needs a person, wants them whole.</summary>
internal static class WholeLists
{
    public static async Task<ListVirtualMachinesResponse> VirtualMachines(this CoordinatorConnection connection, CancellationToken cancellation)
    {
        var whole = new ListVirtualMachinesResponse();
        var request = new ListVirtualMachinesRequest();
        do
        {
            var page = await connection.Ask((api, options) => api.ListVirtualMachinesAsync(request, options), cancellation);
            whole.VirtualMachines.AddRange(page.VirtualMachines);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return whole;
    }

    /// <param name="connection">To any coordinator.</param>
    /// <param name="vm">Empty for all.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ListMigrationsResponse> Migrations(this CoordinatorConnection connection, string vm, CancellationToken cancellation)
    {
        var whole = new ListMigrationsResponse();
        var request = new ListMigrationsRequest { Vm = vm };
        do
        {
            var page = await connection.Ask((api, options) => api.ListMigrationsAsync(request, options), cancellation);
            whole.Migrations.AddRange(page.Migrations);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return whole;
    }
}
