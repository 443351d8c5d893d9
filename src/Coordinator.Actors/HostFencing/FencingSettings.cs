using Akka.Configuration;
using Coordinator.Actors.Operators;
using Coordinator.Contracts;

namespace Coordinator.Actors.HostFencing;

/// <summary>The hook of <c>coordinator.fencing</c> (hocon/fencing.conf).</summary>
public static class FencingSettings
{
    /// <summary>An agent that restarts, or goes on at another node, is back within this.</summary>
    private static readonly TimeSpan s_shortestSilence = TimeSpan.FromSeconds(10);

    /// <exception cref="ConfigurationException">Both a command and a URL, one that cannot be used, or a time outside of its range.</exception>
    public static IFencingHook Read(Config config)
    {
        Config? fencing = config.GetConfig("coordinator.fencing");
        if (fencing is null || fencing.IsEmpty)
        {
            return NoFencingHook.Instance;
        }

        OperatorCommand? command = OperatorCommand.Read(fencing, "coordinator.fencing.command");
        OperatorAddress? address = OperatorAddress.Read(fencing, "coordinator.fencing.url");
        bool isAutomatic = fencing.GetBoolean("automatic");
        TimeSpan silence = fencing.GetTimeSpan("automatic-after", TimeSpan.FromMinutes(1), allowInfinite: false);
        FencingTimes times = new(fencing.GetTimeSpan("time-out"), isAutomatic ? silence : null);
        if (times.TimeOut < TimeSpan.FromSeconds(1) || times.TimeOut > FencingLimits.LongestHook)
        {
            throw new ConfigurationException($"coordinator.fencing.time-out {times.TimeOut} is not between 1 s and 10 min");
        }

        if (silence < s_shortestSilence)
        {
            throw new ConfigurationException($"coordinator.fencing.automatic-after {silence} is less than 10 s; an agent that only restarts would cost its host");
        }

        return (command, address) switch
        {
            ({ }, { }) => throw new ConfigurationException("coordinator.fencing has both a command and a url; one hook proves a host off"),
            ({ } one, null) => new CommandFencingHook(one, times),
            (null, { } one) => new HttpFencingHook(one, times),
            _ when isAutomatic => throw new ConfigurationException("coordinator.fencing.automatic is on, but there is neither a command nor a url"),
            _ => NoFencingHook.Instance,
        };
    }
}
