using Coordinator.Actors.Metrics;

namespace Coordinator.Server.Hosting;

/// <summary>
/// Prometheus' text format. A page by hand because the library's own middleware (prometheus-net.AspNetCore) would answer on every listener: this one belongs to the HTTP/1.1 listener alone,
/// which in turn answers nothing else, gRPC being HTTP/2.
/// </summary>
internal static class MetricsPage
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    internal static async Task Serve(HttpContext context)
    {
        if (!HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // Collected first: a scrape that fails must be an error and no half page.
        using MemoryStream page = new();
        await context.RequestServices.GetRequiredService<CoordinatorMetrics>().Registry.CollectAndExportAsTextAsync(page, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = page.Length;
        page.Position = 0;
        await page.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
