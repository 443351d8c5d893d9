using Microsoft.Playwright;

namespace Coordinator.Dashboard.Tests.Browser;

/// <summary>One person at one page. What the browser complains about, and every request to somebody else, is kept: a good page has neither.</summary>
public sealed class Reader : IAsyncDisposable
{
    /// <summary>Generous: two cores run browser, two coordinators, agents and guests.</summary>
    internal const float PatienceMs = 45_000;

    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private readonly List<string> _foreign = [];

    internal Reader(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.SetDefaultTimeout(PatienceMs);
        page.Console += (_, message) =>
        {
            if (message.Type is "error")
            {
                _complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https" } asked && asked.Host != "127.0.0.1")
            {
                _foreign.Add(request.Url);
            }
        };
    }

    public IPage Page { get; }

    public IReadOnlyList<string> Complaints => _complaints;

    public IReadOnlyList<string> ForeignRequests => _foreign;

    /// <summary>Back when the page is live.</summary>
    public async Task GoAsync(Uri address)
    {
        await Page.GotoAsync(address.ToString());
        await Page.Locator("body[data-live=true] h1").WaitForAsync();
    }

    /// <summary>What the page was, for a person to look at; only when DASHBOARD_SHOTS names a folder.</summary>
    public async Task ShootAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("DASHBOARD_SHOTS") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
        }
    }

    /// <summary>Marks the document itself: a reload would lose it, so a page that still has it moved on by what was pushed.</summary>
    public Task MarkAsync() => Page.EvaluateAsync("window.neverReloaded = true");

    public Task<bool> IsSameDocumentAsync() => Page.EvaluateAsync<bool>("window.neverReloaded === true");

    public async ValueTask DisposeAsync() => await _context.CloseAsync();
}
