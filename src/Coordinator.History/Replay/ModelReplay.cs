using System.Globalization;
using Coordinator.Domain;
using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>Every trace of real QEMUs in a history has an explanation in the model; attempt after attempt, from where the one before may have ended.</summary>
public static class ModelReplay
{
    public const string Name = "model replay";

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history, JudgeSettings settings)
    {
        List<Violation> violations = [];
        ReplaySettings replay = new() { FaultsAllowed = history.OfType<FaultBegan>().Any(), ClockSkewMicros = settings.ClockToleranceMicros };
        foreach (VmName vm in history.OfType<CommandSent>().Select(sent => sent.Vm).Distinct())
        {
            AttemptTrace? former = null;
            IReadOnlyList<QemuPair> ends = [];
            IReadOnlyList<AttemptTrace> traces = AttemptTrace.Of(vm, history);
            for (int i = 0; i < traces.Count; i++)
            {
                ReplayResult result = TraceReplay.Replay(Beginnings(traces[i], former, ends), traces[i].Items, replay, traces[i].SourceArrived);
                if (!result.Explained)
                {
                    long at = result.Unexplained.Count > 0 ? result.Unexplained[0].AtMicros : 0;
                    violations.Add(new(Name, vm, at, string.Create(CultureInfo.InvariantCulture, $"part {i + 1} of {traces.Count} of {vm}, from {traces[i].Source} to {traces[i].Destination}: {result}")));
                }

                (former, ends) = (traces[i], result.FinalStates);
            }
        }

        return violations;
    }

    /// <summary>Where the pair of an attempt may be before its destination is launched.</summary>
    private static IEnumerable<QemuPair> Beginnings(AttemptTrace trace, AttemptTrace? former, IReadOnlyList<QemuPair> ends)
    {
        // The loaded destination has become the source, or the same source tries again with another destination.
        IEnumerable<QemuPair> after = former switch
        {
            { Destination: { } arrived } when arrived == trace.Source => ends.Where(end => end.Destination is { Alive: true, Incoming: false }).Select(Qemu.Onward),
            { Source: { } same } when same == trace.Source => ends.Where(end => !end.Destination.Alive),
            _ => [],
        };
        QemuPair[] known = [.. after.Distinct()];
        if (known.Length > 0)
        {
            return known;
        }

        // With -S, as every launch of an agent; else the history begins in the middle of the guest's life.
        GuestBefore[] guests = trace.SourceWasLaunchedHere && former is null ? [GuestBefore.NeverRan] : Enum.GetValues<GuestBefore>();
        QemuCapabilities[] capabilities = trace.SourceWasLaunchedHere && former is null
            ? [QemuCapabilities.None]
            : [QemuCapabilities.None, QemuCapabilities.ReturnPath, QemuCapabilities.PauseBeforeSwitchover, QemuCapabilities.ReturnPath | QemuCapabilities.PauseBeforeSwitchover];
        return from version in Enum.GetValues<QemuVersion>()
               from guest in guests
               from capability in capabilities
               select Qemu.Start(new QemuTraits(version), guest, capability);
    }
}
