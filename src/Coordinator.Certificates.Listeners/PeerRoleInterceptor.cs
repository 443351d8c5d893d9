using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Coordinator.Certificates.Listeners;

/// <summary>Each gRPC service takes calls of its roles only; a service that is not named takes none of anybody.</summary>
/// <param name="certificates">Ours.</param>
/// <param name="roles">By the full name of the service.</param>
public sealed class PeerRoleInterceptor(LinkCertificates certificates, IReadOnlyDictionary<string, PeerExpectation> roles) : Interceptor
{
    private static readonly PeerExpectation s_nobody = new([]);

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        // "/coordinator.v1.Coordinator/ListHosts"
        string service = context.Method.Split('/') is [_, { } name, _] ? name : "";
        context.Require(certificates, roles.GetValueOrDefault(service, s_nobody));
    }
}
