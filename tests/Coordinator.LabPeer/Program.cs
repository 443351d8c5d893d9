using System.Text.Json;
using Coordinator.LabPeer;

// The process at the guest's other end. It runs inside the lab's network namespace; see PeerMessage for how it is spoken to.
static void Say(PeerMessage message) => Console.Out.WriteLine(JsonSerializer.Serialize(message, PeerJson.Default.PeerMessage));

var flows = new List<PeerFlow>();
try
{
    var options = JsonSerializer.Deserialize(args.Single(), PeerJson.Default.PeerOptions) ?? throw new ArgumentException("no options");
    options.Validate();
    for (var index = 0; index < options.Flows; index++)
        flows.Add(new(index, options));
    flows.ForEach(flow => flow.Start());
    if (options.DatagramsPerSec > 0)
        new Thread(new Pacer(flows, options.DatagramsPerSec).Run) { IsBackground = true, Name = "pacer" }.Start();
    Say(new(PeerMessage.Ready));
    while (Console.In.ReadLine() is { } word && word != "stop")
    {
        if (word != "report")
            throw new ArgumentException($"unknown word '{word}'");
        var nowNs = MonotonicClock.NowNs;
        var reports = flows.ConvertAll(flow => flow.Report(nowNs));
        Say(new(PeerMessage.Reported, new(nowNs, [.. reports.Select(pair => pair.Item1)], [.. reports.Select(pair => pair.Item2)])));
    }
    return 0;
}
catch (Exception error) when (error is not OutOfMemoryException)
{
    Say(new(PeerMessage.Failed, Error: error.Message));
    return 1;
}
finally
{
    flows.ForEach(flow => flow.Dispose());
}
