using Coordinator.Actors.Metrics;

namespace Coordinator.Server.Http;

/// <summary>Prometheus' text format, of this node's registry; the library's own middleware (prometheus-net.AspNetCore) would answer on every listener.</summary>
internal static class MetricsPage
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    internal static async Task Serve(HttpContext context)
    {
        // Collected first: a scrape that fails must be an error and no half page.
        using MemoryStream page = new();
        await context.RequestServices.GetRequiredService<CoordinatorMetrics>().Registry.CollectAndExportAsTextAsync(page, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = page.Length;
        page.Position = 0;
        await page.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
