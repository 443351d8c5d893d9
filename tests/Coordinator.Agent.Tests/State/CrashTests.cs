using System.Diagnostics;
using System.Globalization;
using Coordinator.Agent.State;
using Xunit;

namespace Coordinator.Agent.Tests.State;

public sealed class CrashTests
{
    private const int Rounds = 20;

    // A host crash cannot be made here; that every acknowledgement waits for its sync is seen by tracing (and the register's rules in RegisterFileTests).
    [Fact]
    public async Task Store_KilledAtAnyMoment_HoldsEverythingItAcknowledged()
    {
        using var directory = new TemporaryDirectory();
        var acknowledged = new List<string>();
        long next = 1;
        for (var round = 1; round <= Rounds; round++)
        {
            var lines = await KilledAsync(directory["state"], next, acknowledgements: new Random(round).Next(1, 60));
            acknowledged.AddRange(lines);
            next = await CheckAsync(directory["state"], acknowledged);
        }

        Assert.Single(acknowledged.Where(line => line.StartsWith("instance", StringComparison.Ordinal)).Distinct());
        Assert.True(next > Rounds, $"the writers got no further than {next}");
    }

    private static async Task<List<string>> KilledAsync(string directory, long first, int acknowledgements)
    {
        string[] arguments = [typeof(CrashTests).Assembly.Location, CrashWriter.Word, directory, first.ToString(CultureInfo.InvariantCulture)];
        using var writer = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var lines = new List<string>();
        while (lines.Count < acknowledgements && await writer.StandardOutput.ReadLineAsync() is { } line)
        {
            lines.Add(line);
        }

        writer.Kill();
        // What it had said before it died counts as well; the last line may be cut.
        var rest = await writer.StandardOutput.ReadToEndAsync();
        lines.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await writer.WaitForExitAsync();
        return lines;
    }

    private static async Task<long> CheckAsync(string directory, List<string> acknowledged)
    {
        using var store = AgentStore.Open(directory);
        Assert.Equal(StoreOrigin.Continued, store.Origin);
        var records = store.ReadAll("web-1");
        var kinds = records.ToLookup(record => AgentStoreTests.Text(record)[2..], record => record.Kind, StringComparer.Ordinal);
        long last = 0;
        foreach (var line in acknowledged.Select(line => line.Split(' ')).Where(line => line[0] != "instance"))
        {
            var number = long.Parse(line[1], CultureInfo.InvariantCulture);
            last = Math.Max(last, number);
            switch (line[0])
            {
                case "record":
                    Assert.Contains("a", kinds[line[1]]);
                    break;
                case "step":
                    Assert.Equal("done"u8.ToArray(), store.TryGetStep("web-1", 1, number));
                    Assert.Contains("c", kinds[line[1]]);
                    break;
                case "empty":
                    using (var register = store.Registers.Open("web-1", number))
                    {
                        Assert.NotEqual(RegisterValue.Unknown, register.Value);
                    }

                    break;
                default:
                    using (var register = store.Registers.Open("web-1", number))
                    {
                        Assert.Equal(number % 2 == 0 ? RegisterValue.Run : RegisterValue.Refused, register.Value);
                    }

                    break;
            }
        }

        Assert.All(kinds, number => Assert.Equal(number.Contains("a"), number.Contains("b")));
        Assert.All(kinds, number => Assert.Single(number, kind => kind == "a"));
        // The next life goes on behind everything this one may have begun, and keeps the check of old records short.
        await store.ReplaceAsync("web-1", long.MaxValue, []);
        await store.ForgetStepsBelowAsync("web-1", 2);
        acknowledged.RemoveAll(line => !line.StartsWith("instance", StringComparison.Ordinal));
        return Math.Max(last, store.Registers.Existing().Select(register => register.Attempt).DefaultIfEmpty().Max()) + 1;
    }
}
