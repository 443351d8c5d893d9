using Coordinator.Domain;
using Coordinator.ReadModel;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Coordinator.Server.Grpc;

/// <summary>
/// Values that the domain refuses become INVALID_ARGUMENT with the domain's own sentence, wherever they are met. What breaks because this node ends, or because the database does
/// not answer it, becomes UNAVAILABLE: clients then go on at another node, which they would not after gRPC's UNKNOWN.
/// </summary>
internal sealed class StatusInterceptor(IHostApplicationLifetime lifetime) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception e) when (StatusOf(e) is not null)
        {
            throw StatusOf(e)!;
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (StatusOf(e) is not null)
        {
            throw StatusOf(e)!;
        }
    }

    private RpcException? StatusOf(Exception failure) => failure switch
    {
        InvalidValueException refused => new RpcException(new Status(StatusCode.InvalidArgument, refused.Message)),
        PageTokenException refused => new RpcException(new Status(StatusCode.InvalidArgument, refused.Message)),
        RpcException => null,
        System.Data.Common.DbException database => VmClient.Unavailable($"the coordinators' database does not answer: {database.Message}"),
        _ when lifetime.ApplicationStopping.IsCancellationRequested => VmClient.Unavailable("this coordinator ends; ask another one"),
        _ => null,
    };
}
