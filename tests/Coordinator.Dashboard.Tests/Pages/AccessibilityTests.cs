using Coordinator.Dashboard.Tests.Browser;
using Coordinator.Dashboard.Tests.Lab;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Coordinator.Dashboard.Tests.Pages;

/// <summary>axe's rules for WCAG 2 A and AA on every page, in both colour schemes; and the keyboard.</summary>
[Collection(LabCollection.Name)]
public sealed class AccessibilityTests(DashboardLab lab)
{
    private static readonly AxeRunOptions s_rules = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] },
    };

    [Theory]
    [InlineData(false, 1280, 800)]
    [InlineData(true, 1920, 1080)]
    public async Task Pages_HaveNoViolation(bool isDark, int width, int height)
    {
        string vm = await lab.StartVmAsync();
        await lab.MigrateAsync(vm);
        await lab.ReachesAsync(vm, "Succeeded");
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(0), isDark, width, height);
        string scheme = isDark ? "dark" : "light";
        foreach ((string name, string path, string ready) in new[]
        {
            ("fleet", "/", "table.fleet td.vm"), ("migration", $"/vm/{vm}", "#verdict"), ("cluster", "/cluster", "table.health tbody tr"),
        })
        {
            await reader.GoAsync(lab.Page(0, path));
            await reader.Page.Locator(ready).First.WaitForAsync();
            await reader.Page.Locator($"html[data-theme={scheme}]").WaitForAsync();
            await reader.ShootAsync($"{name}-{scheme}-{width}");

            AxeResult result = await reader.Page.RunAxe(s_rules);

            Assert.True(result.Violations.Length == 0, $"{name}, {scheme}:\n{string.Join('\n', result.Violations.Select(Text))}");
            int overflow = await reader.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - window.innerWidth");
            Assert.True(overflow <= 0, $"{name} is {overflow} px wider than {width}");
        }

        Assert.Empty(reader.Complaints);
    }

    [Fact]
    public async Task Keyboard_ReachesAMigrationFromTheTop()
    {
        string vm = await lab.StartVmAsync();
        await using Reader reader = await lab.Chromium.OpenAsync(lab.Page(0));
        await reader.Page.GetByLabel("Text").FillAsync(vm);
        ILocator link = reader.Page.GetByRole(AriaRole.Link, new() { Name = vm, Exact = true });
        await link.WaitForAsync();
        for (int presses = 0; presses < 60 && !await link.EvaluateAsync<bool>("e => e === document.activeElement"); presses++)
        {
            await reader.Page.Keyboard.PressAsync("Tab");
        }

        await reader.Page.Keyboard.PressAsync("Enter");

        await Expect(reader.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(vm);
    }

    private static string Text(AxeResultItem violation) =>
        $"{violation.Id} ({violation.Impact}): {violation.Help}: {string.Join("; ", violation.Nodes.Take(4).Select(n => n.Html[..Math.Min(160, n.Html.Length)] + " " + string.Join(' ', n.Any.Select(a => a.Message))))}";
}
