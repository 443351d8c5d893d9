using Microsoft.Extensions.Logging;

namespace Coordinator.Certificates.Links;

internal sealed partial class RefusalLog(ILogger logger, TimeProvider clock)
{
    private static readonly TimeSpan s_again = TimeSpan.FromMinutes(1);

    // Whoever knocks with ever new certificates gets no more memory than this.
    private const int RememberedAtMost = 1_000;

    private readonly Dictionary<string, DateTimeOffset> _said = new(StringComparer.Ordinal);

    public void Say(string link, string why)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_said)
        {
            if (_said.TryGetValue(why, out DateTimeOffset said) && now - said < s_again)
            {
                return;
            }

            if (_said.Count >= RememberedAtMost)
            {
                _said.Clear();
            }

            _said[why] = now;
        }

        LogRefused(link, why);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Link}: {Why}")]
    private partial void LogRefused(string link, string why);
}
