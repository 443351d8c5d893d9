using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Coordinator.Actors.Tests.Operators;

/// <summary>An operator's web server on loopback: answers each path as it was told, and remembers what it got.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubServer(WebApplication app) => _app = app;

    /// <summary>Method, path and body.</summary>
    internal ConcurrentQueue<string> Requests { get; } = [];

    internal string Root => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    internal static async Task<StubServer> Start(Func<HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        StubServer stub = new(builder.Build());
        stub._app.Run(async context =>
        {
            using StreamReader body = new(context.Request.Body);
            stub.Requests.Enqueue($"{context.Request.Method} {context.Request.Path} {context.Request.ContentType} {await body.ReadToEndAsync()}".Trim());
            await answer(context);
        });
        await stub._app.StartAsync();
        return stub;
    }

    internal static Task<StubServer> Start(int status, string body = "") => Start(context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    });

    public async ValueTask DisposeAsync()
    {
        // Not gracefully: a request may be held open on purpose.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}
