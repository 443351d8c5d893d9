using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Coordinator.Actors.Alerts;

/// <summary>A way to people. Anything but a plain return means "not delivered"; the message says why.</summary>
public interface IAlertOutlet
{
    string Name { get; }

    /// <exception cref="AlertRefusedException">The receiver did not take it.</exception>
    Task DeliverAsync(Alert alert, CancellationToken timeOut);
}

public sealed class AlertRefusedException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The alert on standard input; exit code 0 means taken.</summary>
internal sealed class CommandOutlet(ImmutableArray<string> command) : IAlertOutlet
{
    private const int KeptErrorCharacters = 500;

    public string Name => $"command {command[0]}";

    public async Task DeliverAsync(Alert alert, CancellationToken timeOut)
    {
        ProcessStartInfo start = new(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Start(start);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(timeOut);
            Task<string> error = process.StandardError.ReadToEndAsync(timeOut);
            await WriteAsync(process, alert.ToJson() + "\n", timeOut).ConfigureAwait(false);
            await process.WaitForExitAsync(timeOut).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                string said = (await error.ConfigureAwait(false)).Trim();
                said = said.Length > KeptErrorCharacters ? said[..KeptErrorCharacters] : said;
                throw new AlertRefusedException(string.Create(CultureInfo.InvariantCulture, $"it ended with {process.ExitCode}{(said.Length > 0 ? $": {said}" : "")}"));
            }

            await output.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new AlertRefusedException($"it cannot be started: {e.Message}", e);
        }
    }

    /// <summary>A command that does not read its input is judged by its exit code alone.</summary>
    private static async Task WriteAsync(Process process, string text, CancellationToken timeOut)
    {
        try
        {
            await process.StandardInput.WriteAsync(text.AsMemory(), timeOut).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }
}

/// <summary>The alert as the body of a POST; any 2xx means taken.</summary>
internal sealed class HttpOutlet(Uri url) : IAlertOutlet, IDisposable
{
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Without the credentials that it may hold.</summary>
    public string Name => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    public async Task DeliverAsync(Alert alert, CancellationToken timeOut)
    {
        using StringContent body = new(alert.ToJson(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        try
        {
            using HttpResponseMessage answer = await _client.PostAsync(url, body, timeOut).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                throw new AlertRefusedException(string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}"));
            }
        }
        catch (HttpRequestException e)
        {
            throw new AlertRefusedException(e.Message, e);
        }
    }

    public void Dispose() => _client.Dispose();
}
