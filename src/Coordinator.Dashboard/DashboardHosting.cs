using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MudBlazor.Services;

namespace Coordinator.Dashboard;

/// <summary>The dashboard as a part of a web host.</summary>
public static class DashboardHosting
{
    /// <summary>A reader who lost the connection looks at a new page soon; what was kept for him is memory for nobody.</summary>
    private static readonly TimeSpan s_keptFor = TimeSpan.FromMinutes(1);

    private const int MaxKept = 50;

    /// <summary>Both sides notice a silent one (stopped process, cut network) within this, and the page says so; the default is 30 s of figures that look alive.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(6);

    /// <remarks>Needs an <see cref="IFleetWindow"/>.</remarks>
    public static void AddDashboard(this WebApplicationBuilder builder)
    {
        try
        {
            // Without it, and outside Development, unpublished builds answer blazor.web.js with 200 and nothing in it. Published ones have the files themselves, and this does nothing.
            builder.WebHost.UseStaticWebAssets();
        }
        catch (DirectoryNotFoundException)
        {
            // A build that was moved away from its sources: a coordinator works without its pages.
        }

        // What is protected is a page's own start, good for one visit: keys on disk would be one more thing to guard.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddMudServices();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents(circuit =>
        {
            circuit.DisconnectedCircuitRetentionPeriod = s_keptFor;
            circuit.DisconnectedCircuitMaxRetained = MaxKept;
        }).AddHubOptions(hub =>
        {
            hub.KeepAliveInterval = s_silence / 3;
            hub.ClientTimeoutInterval = s_silence * 2;
        });
    }

    /// <param name="app">After its routes for metrics and health.</param>
    /// <param name="assets">The list of static files that the build writes beside the program (<c>*.staticwebassets.endpoints.json</c>).</param>
    public static void MapDashboard(this WebApplication app, string assets)
    {
        if (!File.Exists(assets))
        {
            app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Coordinator.Dashboard").LogWarning("there is no dashboard: {File} is missing", assets);
            return;
        }

        app.Use((context, next) =>
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers.ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'none'";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            return next(context);
        });
        app.UseAntiforgery();
        app.MapStaticAssets(assets);
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = "'none'");
    }
}
