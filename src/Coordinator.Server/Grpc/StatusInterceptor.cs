using Coordinator.Domain;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Coordinator.Server.Grpc;

/// <summary>Values that the domain refuses become INVALID_ARGUMENT with the domain's own sentence, wherever they are met.</summary>
internal sealed class StatusInterceptor : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (InvalidValueException refused)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, refused.Message));
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
        catch (InvalidValueException refused)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, refused.Message));
        }
    }
}
