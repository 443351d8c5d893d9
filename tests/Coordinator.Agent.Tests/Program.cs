using System.Globalization;
using Coordinator.Agent.Tests.Processes;
using Coordinator.Agent.Tests.State;

namespace Coordinator.Agent.Tests;

/// <summary>Entry of the processes that tests start and kill; the test runner itself does not come here.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments) => arguments switch
    {
        [CrashWriter.Word, var directory, var first] => await CrashWriter.RunAsync(directory, long.Parse(first, CultureInfo.InvariantCulture)),
        [LaunchingAgent.Word, var directory] => await LaunchingAgent.RunAsync(directory),
        [LaunchingAgent.Word, var directory, var keeper] => await LaunchingAgent.RunAsync(directory, keeper),
        _ => 2,
    };
}
