namespace Coordinator.Server.Http;

/// <summary>
/// Kestrel gives every endpoint to every listener. gRPC is spoken by HTTP/2 and all else by HTTP/1.1, each on its own listener; nothing of one is served on the other's port.
/// </summary>
internal static class Listeners
{
    private const string GrpcContent = "application/grpc";

    internal static IApplicationBuilder UseListenersApart(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        bool isGrpc = context.Request.ContentType?.StartsWith(GrpcContent, StringComparison.OrdinalIgnoreCase) == true;
        if (isGrpc == HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    });
}
