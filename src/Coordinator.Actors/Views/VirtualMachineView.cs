using Coordinator.Actors.Migrations;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Views;

/// <summary>The public resource <c>VirtualMachine</c>, from the journal and what its host last reported.</summary>
internal static class VirtualMachineView
{
    internal static Api.VirtualMachine Of(VmName vm, VmHistory history, HostViews? views)
    {
        Residence residence = history.State.Residence;
        Api.VirtualMachine view = new()
        {
            Name = vm.Value,
            Residence = residence.Kind.ToString(),
            Host = residence.Host?.Value ?? "",
            LaunchId = residence.Launch == LaunchId.None ? "" : residence.Launch.Value.ToString(),
            MigrationId = history.State.Migration?.Id.ToString() ?? "",
            Message = residence.Kind == ResidenceKind.Absent ? history.GoneReason : "",
            Epoch = history.State.Epoch.Value,
        };
        if (views?.Of(residence.Host) is { Evidence.Guest: { } seen, Raw.Guest: { } guest } && seen.Launch == residence.Launch)
        {
            view.Pid = guest.Pid;
            view.RunState = guest.RunState;
            view.QemuVersion = guest.QemuVersion;
            view.MemoryMib = guest.MemoryMib;
            view.Labels.Add(guest.Labels);
            view.AntiAffinity.AddRange(guest.AntiAffinity);
        }

        return view;
    }
}
