using Coordinator.Contracts.Api;
using Coordinator.Dashboard.Tests.Browser;
using Coordinator.Dashboard.Tests.Lab;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Coordinator.Dashboard.Tests.Pages;

/// <summary>A coordinator is killed while somebody looks: at another one's page, and at its own.</summary>
[Collection(LabCollection.Name)]
public sealed class NodeLossTests(DashboardLab lab)
{
    private static readonly LocatorAssertionsToContainTextOptions s_contains = new() { Timeout = Reader.PatienceMs };
    private static readonly LocatorAssertionsToHaveTextOptions s_text = new() { Timeout = Reader.PatienceMs };

    [Fact]
    public async Task OtherNodeKilled_ClusterPageShowsItUnreachableThenGoneAndMigrationsGoOn()
    {
        string vm = await lab.StartVmAsync(simulated: "copyBytes=41943040");
        await using Reader cluster = await lab.Chromium.OpenAsync(lab.Page(0, "/cluster"));
        await using Reader migration = await lab.Chromium.OpenAsync(lab.Page(0, $"/vm/{vm}"));
        ILocator victim = cluster.Page.Locator($"tr[data-node='{lab.ClusterAddress(1)}']");
        await Expect(victim.Locator(".state")).ToHaveTextAsync("Up", s_text);
        await Expect(victim.Locator(".checks")).ToHaveTextAsync("all 5 good", s_text);
        await cluster.ShootAsync("cluster-light");
        await lab.MigrateAsync(vm, bandwidthBytesPerSec: 1 << 20);
        await lab.ReachesAsync(vm, "Iterating");
        await Expect(migration.Page.Locator("#phase")).ToHaveTextAsync("Iterating", s_text);
        await cluster.MarkAsync();
        await migration.MarkAsync();

        await lab.KillNodeAsync(1);
        try
        {
            await Expect(victim.Locator(".state")).ToContainTextAsync("unreachable", s_contains);
            await cluster.ShootAsync("cluster-unreachable");
            await Expect(victim.Locator(".state")).ToContainTextAsync("gone since", s_contains);
            await FiguresMoveAsync(migration);
            await Expect(migration.Page.Locator("#phase")).ToHaveTextAsync("Succeeded", new() { Timeout = 120_000 });
            Assert.Equal("Verified", (await lab.ReachesAsync(vm, "Succeeded")).Verdict);
            Assert.True(await cluster.IsSameDocumentAsync() && await migration.IsSameDocumentAsync());
            await Expect(cluster.Page.Locator("#connection-lost")).ToBeHiddenAsync();
            Assert.Empty(cluster.Complaints);
        }
        finally
        {
            lab.StartNode(1);
            await lab.ConnectedAsync();
        }

        await Expect(victim.Locator(".state")).ToHaveTextAsync("Up", s_text);
    }

    [Fact]
    public async Task OwnNodeKilled_PageSaysSoAndComesBackByItself()
    {
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(1));
        await Expect(reader.Page.Locator("#other-dashboards a")).ToHaveCountAsync(1, new() { Timeout = Reader.PatienceMs });
        ILocator lost = reader.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Connection lost since" });
        await lab.KillNodeAsync(1);
        try
        {
            await lost.WaitForAsync();
            await Expect(lost).ToContainTextAsync("UTC");
            await Expect(lost).ToContainTextAsync("it is not live");

            // No figure looks alive, and the way to another coordinator is shown.
            Assert.Contains("grayscale", await reader.Page.Locator(".mud-layout").EvaluateAsync<string>("e => getComputedStyle(e).filter"), StringComparison.Ordinal);
            await Expect(reader.Page.Locator(".live-mark")).ToBeHiddenAsync();
            await Expect(lost.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", lab.Page(0).ToString());
            await reader.ShootAsync("lost-light");
        }
        finally
        {
            lab.StartNode(1);
            await lab.ConnectedAsync();
        }

        await Expect(reader.Page.Locator("#connection-lost")).ToBeHiddenAsync(new() { Timeout = Reader.PatienceMs });
        await Expect(reader.Page.Locator(".live-mark")).ToBeVisibleAsync(new() { Timeout = Reader.PatienceMs });
        string vm = await lab.StartVmAsync();
        await Expect(reader.Page.Locator("table.fleet tbody tr", new() { HasText = vm })).ToHaveCountAsync(1, new() { Timeout = Reader.PatienceMs });
    }

    /// <summary>The memory left is another figure than a moment ago: what is pushed still arrives.</summary>
    private static async Task FiguresMoveAsync(Reader reader)
    {
        ILocator remaining = reader.Page.Locator("#remaining");
        string before = await remaining.InnerTextAsync();
        await Expect(remaining).Not.ToHaveTextAsync(before, new() { Timeout = Reader.PatienceMs });
    }
}
