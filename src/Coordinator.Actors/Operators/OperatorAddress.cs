using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Akka.Configuration;

namespace Coordinator.Actors.Operators;

/// <summary>An address that the operator configured for fencing or alerts: gets JSON by POST.</summary>
internal sealed record OperatorAddress(Uri Url)
{
    /// <summary>
    /// A redirect is an answer like any other and not followed: the page that it leads to, such as a login, answers 200 to anybody. One client for the process: it holds nothing but connections, and
    /// whoever uses it may be restarted.
    /// </summary>
    private static readonly HttpClient s_client = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Without the credentials that user, query and fragment may hold.</summary>
    internal string Name => Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <returns>Null when none is configured.</returns>
    /// <exception cref="ConfigurationException">It is neither http nor https.</exception>
    internal static OperatorAddress? Read(Config section, string setting)
    {
        string text = section.GetString("url", "");
        return text.Length == 0 ? null
            : Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? new OperatorAddress(url!)
            : throw new ConfigurationException($"{setting} is '{text}'; it must be an address that begins with http:// or https://, or empty.");
    }

    /// <exception cref="OperationCanceledException">Stopped.</exception>
    internal async Task<OperatorAnswer> PostAsync(string json, CancellationToken stop)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Url) { Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        try
        {
            using HttpResponseMessage answer = await s_client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
            StringBuilder body = new();
            using StreamReader reader = new(await answer.Content.ReadAsStreamAsync(stop).ConfigureAwait(false), Encoding.UTF8);
            await OperatorAnswer.ReadAsync(reader, body, stop).ConfigureAwait(false);
            string redirect = answer.StatusCode is >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest ? ", and redirects are not followed" : "";
            return OperatorAnswer.Of((int)answer.StatusCode, string.Create(CultureInfo.InvariantCulture, $"answered {(int)answer.StatusCode}{redirect}"), body.ToString());
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return OperatorAnswer.None($"gave no answer: {e.Message}");
        }
    }
}
