using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Outcomes;

public sealed class ApiFailureTests
{
    [Theory]
    [InlineData(StatusCode.OK, 0)]
    [InlineData(StatusCode.InvalidArgument, 2)]
    [InlineData(StatusCode.OutOfRange, 2)]
    [InlineData(StatusCode.NotFound, 3)]
    [InlineData(StatusCode.FailedPrecondition, 4)]
    [InlineData(StatusCode.AlreadyExists, 4)]
    [InlineData(StatusCode.Aborted, 4)]
    [InlineData(StatusCode.ResourceExhausted, 4)]
    [InlineData(StatusCode.PermissionDenied, 4)]
    [InlineData(StatusCode.Unauthenticated, 4)]
    [InlineData(StatusCode.Unavailable, 5)]
    [InlineData(StatusCode.DeadlineExceeded, 5)]
    [InlineData(StatusCode.Internal, 1)]
    [InlineData(StatusCode.Unknown, 1)]
    [InlineData(StatusCode.DataLoss, 1)]
    [InlineData(StatusCode.Cancelled, 1)]
    [InlineData(StatusCode.Unimplemented, 1)]
    public void CodeOf_EveryStatus_HasItsExitCode(StatusCode status, int expected) => Assert.Equal(expected, ApiFailure.CodeOf(status));

    [Fact]
    public void CodeOf_StatusesOfGrpc_AreAllNamedInTheTableAbove() =>
        Assert.Equal(17, Enum.GetValues<StatusCode>().Distinct().Count());

    [Theory]
    [InlineData(StatusCode.NotFound, " no VM of the name 'x' is known ", "no VM of the name 'x' is known")]
    [InlineData(StatusCode.Internal, "", "the coordinator answered Internal and gave no reason")]
    [InlineData(StatusCode.Unimplemented, "Method is unimplemented.", "the coordinator does not know this request: it is older than this coordctl, use the coordctl of its version")]
    public void Of_Status_SaysOneSentence(StatusCode status, string detail, string expected) =>
        Assert.Equal(expected, ApiFailure.Of(new RpcException(new Status(status, detail))).Message);

    [Theory]
    [InlineData("1500", 1500)]
    [InlineData("soon", null)]
    [InlineData("-1", null)]
    public void RetryAfter_Trailer_IsReadOnlyWhenItIsANumber(string text, int? expectedMs)
    {
        var refused = new RpcException(new Status(StatusCode.Unavailable, ""), new Metadata { { ApiFailure.RetryAfterTrailer, text } });

        Assert.Equal(expectedMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null, ApiFailure.RetryAfter(refused));
    }

    [Fact]
    public void ConnectionThatBreaksUnderARequest_IsAServerThatIsAway_AndAServersOwnDefectIsNot()
    {
        Assert.True(CoordinatorConnection.IsAway(new RpcException(new Status(StatusCode.Internal, "Error starting gRPC call.", new HttpRequestException("no answer to a ping within KeepAlivePingDelay")))));
        Assert.True(CoordinatorConnection.IsAway(new RpcException(new Status(StatusCode.Internal, "Error reading next message.", new IOException("aborted")))));
        Assert.False(CoordinatorConnection.IsAway(new RpcException(new Status(StatusCode.Internal, "a defect"))));
    }
}
