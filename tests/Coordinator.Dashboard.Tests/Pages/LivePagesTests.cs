using Coordinator.Contracts.Api;
using Coordinator.Dashboard.Tests.Browser;
using Coordinator.Dashboard.Tests.Lab;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Coordinator.Dashboard.Tests.Pages;

/// <summary>What stands on the pages while migrations go on; nothing is reloaded.</summary>
[Collection(LabCollection.Name)]
public sealed class LivePagesTests(DashboardLab lab)
{
    private static readonly LocatorAssertionsToHaveTextOptions s_text = new() { Timeout = Reader.PatienceMs };
    private static readonly LocatorAssertionsToContainTextOptions s_contains = new() { Timeout = Reader.PatienceMs };

    [Fact]
    public async Task Fleet_MigrationStarted_MovesThroughItsPhasesWithoutReload()
    {
        string vm = await lab.StartVmAsync(simulated: "copyBytes=8388608");
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(1));
        await reader.MarkAsync();
        ILocator row = reader.Page.Locator("table.fleet tbody tr", new() { HasText = vm });
        await Expect(row.Locator(".phase")).ToHaveTextAsync("never migrated", s_text);

        await lab.MigrateAsync(vm, bandwidthBytesPerSec: 1 << 20);

        await Expect(row.Locator(".phase")).ToContainTextAsync("Iterating", s_contains);
        await Expect(row.Locator(".left")).ToContainTextAsync("MiB", s_contains);
        await Expect(reader.Page.Locator("#under-way")).ToHaveTextAsync("1", s_text);
        await Expect(row.Locator(".phase")).ToContainTextAsync("Succeeded", s_contains);
        await Expect(row.Locator(".verdict")).ToHaveTextAsync("Verified", s_text);
        await Expect(reader.Page.Locator("#under-way")).ToHaveTextAsync("0", s_text);
        Assert.True(await reader.IsSameDocumentAsync());
        Assert.Empty(reader.Complaints);
        Assert.Empty(reader.ForeignRequests);
    }

    [Fact]
    public async Task Migration_QueueTable_ShowsEqualIndicesOnBothSides()
    {
        string vm = await lab.StartVmAsync(simulated: "copyBytes=4194304");
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(0, $"/vm/{vm}"));
        await Expect(reader.Page.Locator(".mud-alert")).ToContainTextAsync("was never migrated", s_contains);
        await reader.MarkAsync();

        await lab.MigrateAsync(vm, bandwidthBytesPerSec: 1 << 20);

        await Expect(reader.Page.Locator("#phase")).ToHaveTextAsync("Succeeded", s_text);
        await Expect(reader.Page.Locator("#verdict")).ToHaveTextAsync("Verified", s_text);
        ILocator rows = reader.Page.Locator("table.queues tbody tr");
        Migration migration = await lab.ReachesAsync(vm, "Succeeded");
        Assert.True(migration.Queues.Count >= 6, $"{migration.Queues.Count} queues");
        await Expect(rows).ToHaveCountAsync(migration.Queues.Count);
        int observed = 0;
        for (int i = 0; i < migration.Queues.Count; i++)
        {
            ILocator row = rows.Nth(i);
            foreach (string field in new[] { "avail", "used", "inflight" })
            {
                string source = await row.Locator($".source-{field}").InnerTextAsync();
                Assert.Equal(source, await row.Locator($".destination-{field}").InnerTextAsync());
                observed += source.Length > 0 ? 1 : 0;
            }
        }

        Assert.True(observed > 0, "no index is shown at all");
        await Expect(reader.Page.Locator("table.parts tbody tr")).Not.ToHaveCountAsync(0);
        string curve = await reader.Page.Locator("svg.plot polyline.remaining").GetAttributeAsync("points") ?? "";
        Assert.True(curve.Split(' ').Length > 2, $"the curve is {curve}");
        await Expect(reader.Page.Locator("table.spans")).ToContainTextAsync("Switchover");
        await Expect(reader.Page.Locator("table.timeline")).ToContainTextAsync("VerdictReached");
        Assert.True(await reader.IsSameDocumentAsync());
        Assert.Empty(reader.Complaints);
        await reader.ShootAsync("migration-light");
    }

    [Fact]
    public async Task InDoubt_CannotBeMissedAndEndsWhenTheHostsAreBack()
    {
        string vm = await lab.StartVmAsync(simulated: "copyBytes=268435456");
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(0));
        await Expect(reader.Page.Locator("#in-doubt .big")).ToHaveTextAsync("0", s_text);
        Assert.Equal(0, await reader.Page.Locator("#doubt-banner").CountAsync());
        await lab.MigrateAsync(vm, bandwidthBytesPerSec: 1 << 20, iterateDeadlineMs: 4_000);
        await lab.ReachesAsync(vm, "Iterating");
        await lab.KillAgentsAsync();
        try
        {
            ILocator banner = reader.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "in doubt" });
            await banner.WaitForAsync();
            await Expect(reader.Page.Locator("#in-doubt .big")).ToHaveTextAsync("1", s_text);
            await Expect(reader.Page).ToHaveTitleAsync("(1 in doubt) Fleet - Coordinator");
            LocatorBoundingBoxResult box = (await banner.BoundingBoxAsync())!;
            Assert.True(box is { Y: < 120, Width: > 1_200, Height: > 50 }, $"the banner is {box.Width} x {box.Height} at {box.Y}");
            Assert.Equal("rgb(179, 17, 27)", await Style(banner, "backgroundColor"));
            Assert.True(float.Parse((await Style(banner.Locator(".doubt-number"), "fontSize")).Replace("px", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture) >= 40);
            Assert.Equal("rgb(179, 17, 27)", await Style(reader.Page.Locator("#in-doubt"), "backgroundColor"));
            await reader.ShootAsync("doubt-fleet-light");

            // First in the list whatever it is sorted by, and one press away.
            await Expect(reader.Page.Locator("table.fleet tbody tr td.vm").First).ToHaveTextAsync(vm, s_text);
            await banner.ClickAsync();
            await Expect(reader.Page.Locator("table.fleet tbody tr td.vm")).ToHaveCountAsync(1);
            await reader.Page.Locator("table.fleet tbody tr td.vm a").ClickAsync();
            await Expect(reader.Page.Locator("#phase")).ToHaveTextAsync("In doubt", s_text);
            await Expect(reader.Page.Locator(".doubt-part")).ToContainTextAsync($"coordctl resolve {vm} --attempt 1 --lost", s_contains);
            await Expect(reader.Page.Locator(".doubt-part")).ToContainTextAsync("coordctl fence alpha", s_contains);
            await reader.ShootAsync("doubt-migration-light");
        }
        finally
        {
            await lab.StartAgentsAsync();
        }

        await lab.MigrationAsync(vm, m => m.Phase != "InDoubt", "no longer in doubt");
        await Expect(reader.Page.Locator("#doubt-banner")).ToHaveCountAsync(0, new() { Timeout = Reader.PatienceMs });
        await lab.MigrationAsync(vm, m => m.Terminal, "over: its deadline has passed");
    }

    [Fact]
    public async Task Hold_IsOnEveryPage()
    {
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(1, "/cluster"));
        await lab.Api(0).SetHoldAsync(new SetHoldRequest { Held = true, By = "ann", Reason = "switch upgrade", RequestId = Guid.NewGuid().ToString() });
        try
        {
            await Expect(reader.Page.Locator(".hold")).ToContainTextAsync("switch upgrade", s_contains);
            await Expect(reader.Page.Locator(".hold")).ToContainTextAsync("ann");
        }
        finally
        {
            await lab.Api(0).SetHoldAsync(new SetHoldRequest { Held = false, By = "ann", Reason = "over", RequestId = Guid.NewGuid().ToString() });
        }

        await Expect(reader.Page.Locator(".hold")).ToHaveCountAsync(0, new() { Timeout = Reader.PatienceMs });
    }

    [Fact]
    public async Task Filters_NarrowTheList()
    {
        string first = await lab.StartVmAsync();
        string second = await lab.StartVmAsync(DashboardLab.Beta);
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(0));
        ILocator names = reader.Page.Locator("table.fleet tbody tr td.vm");
        await Expect(names.Filter(new() { HasText = second })).ToHaveCountAsync(1, new() { Timeout = Reader.PatienceMs });

        await reader.Page.GetByLabel("Text").FillAsync(first);
        await Expect(names.Filter(new() { HasText = second })).ToHaveCountAsync(0);
        await Expect(names.Filter(new() { HasText = first })).Not.ToHaveCountAsync(0);

        await reader.Page.GetByLabel("Text").FillAsync("nothing like it");
        await Expect(reader.Page.Locator("table.fleet")).ToContainTextAsync("Nothing matches.");
    }

    private static Task<string> Style(ILocator element, string property) => element.EvaluateAsync<string>($"e => getComputedStyle(e).{property}");
}
