using System.Globalization;
using System.Text;
using Akka.Actor;
using Coordinator.Contracts;

namespace Coordinator.Server.Http;

/// <summary>
/// <c>/livez</c>: the process is worth keeping. <c>/readyz</c>: clients may be sent here; 503 while not, and <c>?verbose</c> says what of. Plain text, in Kubernetes' form.
/// </summary>
internal static class HealthPages
{
    internal static IResult Live(ActorSystem system) => system.WhenTerminated.IsCompleted
        ? Results.Text("the node has ended; only its process is left\n", statusCode: StatusCodes.Status503ServiceUnavailable)
        : Results.Text("alive\n");

    internal static async Task<IResult> Ready(HttpContext context, NodeChecks checks, ReadyJudge judge)
    {
        IReadOnlyList<NodeCheck> results = await checks.Run(context.RequestAborted).ConfigureAwait(false);
        ReadyWord word = judge.Judge(results);
        StringBuilder page = new();
        if (context.Request.Query.ContainsKey("verbose"))
        {
            foreach (NodeCheck check in results)
            {
                string note = word.GivenUp.Contains(check.Name) ? " (red for so long that it does not count any more)" : "";
                page.Append(CultureInfo.InvariantCulture, $"[{(check.Good ? '+' : '-')}] {check.Name,-8} {check.TookMs,4} ms  {check.Detail}{note}\n");
            }
        }

        page.Append(word switch
        {
            { IsReady: true, GivenUp.Count: 0 } => "ready\n",
            { IsReady: true } => $"ready; warning: {string.Join(", ", word.GivenUp)} stayed red\n",
            _ => $"not ready: {string.Join(", ", word.Missing)}\n",
        });
        return Results.Text(page.ToString(), statusCode: word.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
