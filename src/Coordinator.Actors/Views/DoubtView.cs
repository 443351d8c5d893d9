using Coordinator.Actors.Migrations;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Views;

/// <summary>The public resource <c>Doubt</c>: what a person may choose now, and what stands in the way of the rest.</summary>
internal static class DoubtView
{
    internal static Api.Doubt Of(VmEntity entity, MigrationState m)
    {
        Api.Doubt view = new() { Resolution = m.Resolution is { } resolution ? VmEventText.Describe(resolution) : "" };
        view.HostsOff.AddRange(m.ProvenOff.Select(h => h.Value));
        view.Choices.AddRange(Enum.GetValues<DoubtChoice>().Select(choice => new Api.Doubt.Types.Choice
        {
            Name = choice.ToString(),
            Refusal = DoubtChoices.WhyNot(entity, m, choice) ?? "",
        }));
        return view;
    }
}
