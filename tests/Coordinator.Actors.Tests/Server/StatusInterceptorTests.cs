using Coordinator.Domain;
using Coordinator.Server.Grpc;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Actors.Tests.Server;

/// <summary>Which failures clients may take to another node, and which they may not.</summary>
public sealed class StatusInterceptorTests
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    [Fact]
    public async Task DatabaseThatDoesNotAnswer_IsUnavailable()
    {
        RpcException failed = await Assert.ThrowsAsync<RpcException>(() => Handle(new SqliteException("database is locked", 5)));

        Assert.Equal(StatusCode.Unavailable, failed.StatusCode);
        Assert.Contains("database is locked", failed.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ValueThatTheDomainRefuses_IsAnInvalidArgument() =>
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => Handle(new InvalidValueException("field", "x", "y")))).StatusCode);

    [Fact]
    public async Task Defect_IsToldAsOne_UnlessTheNodeEnds()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Handle(new InvalidOperationException("defect")));
        _lifetime.StopApplication();

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => Handle(new InvalidOperationException("it ends")))).StatusCode);
    }

    private Task<string> Handle(Exception failure) =>
        new StatusInterceptor(_lifetime).UnaryServerHandler<string, string>("request", context: null!, (_, _) => Task.FromException<string>(failure));
}
