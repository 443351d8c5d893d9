using System.Globalization;
using Grpc.Core;

namespace Coordinator.Cli.Outcomes;

/// <summary>The API's gRPC statuses as exit codes and sentences. Pure.</summary>
internal static class ApiFailure
{
    /// <summary>Set by a coordinator that answers, but whose entity does not yet (it moves between nodes): ask again after this time with the same request id.</summary>
    public const string RetryAfterTrailer = "retry-after-ms";

    public static CommandFailure Of(RpcException refused) => new(CodeOf(refused.StatusCode), SentenceOf(refused));

    public static int CodeOf(StatusCode status) => status switch
    {
        StatusCode.OK => ExitCode.Ok,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => ExitCode.Usage,
        StatusCode.NotFound => ExitCode.NotFound,
        StatusCode.FailedPrecondition or StatusCode.AlreadyExists or StatusCode.Aborted or StatusCode.ResourceExhausted
            or StatusCode.PermissionDenied or StatusCode.Unauthenticated => ExitCode.Refused,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded => ExitCode.Unreachable,
        _ => ExitCode.Failed,
    };

    /// <summary>Null when the server did not say that it only needs time.</summary>
    public static TimeSpan? RetryAfter(RpcException refused) =>
        refused.Trailers.GetValue(RetryAfterTrailer) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            ? TimeSpan.FromMilliseconds(ms)
            : null;

    static string SentenceOf(RpcException refused)
    {
        var said = refused.Status.Detail.Trim();
        return refused.StatusCode switch
        {
            StatusCode.Unimplemented => "the coordinator does not know this request: it is older than this coordctl, use the coordctl of its version",
            _ when said.Length > 0 => said,
            _ => $"the coordinator answered {refused.StatusCode} and gave no reason",
        };
    }
}
