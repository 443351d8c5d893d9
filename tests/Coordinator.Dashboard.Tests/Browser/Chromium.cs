using Microsoft.Playwright;

namespace Coordinator.Dashboard.Tests.Browser;

/// <summary>Debian's Chromium without a window; the downloads that Playwright would make are not used.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>Whoever runs the tests as root, as `make test` does, has no sandbox to give up.</summary>
    private static readonly string[] s_asRoot = ["--no-sandbox", "--disable-dev-shm-usage"];

    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async Task InitializeAsync()
    {
        string path = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser" }.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("there is no /usr/bin/chromium: 'make install' brings it (tests/install/chromium.sh)");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Headless = true,
            Args = Environment.UserName == "root" ? s_asRoot : [],
        });
    }

    public async Task DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }

    /// <summary>A page of a reader of his own, which ends with its context.</summary>
    public async Task<Reader> OpenAsync(Uri address, bool isDark = false, int width = 1280, int height = 800)
    {
        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
        });
        Reader reader = new(context, await context.NewPageAsync());
        await reader.GoAsync(address);
        return reader;
    }
}
