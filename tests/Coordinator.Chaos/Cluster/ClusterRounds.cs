using System.Text.Encodings.Web;
using System.Text.Json;

namespace Coordinator.Chaos.Cluster;

/// <summary>Rounds with their results on disk, one file each, so that a run that was interrupted goes on where it was.</summary>
internal sealed class ClusterRounds(string folder, Action<string> say)
{
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public RoundResult? ResultOf(ClusterFault fault) => File.Exists(PathOf(fault)) ? JsonSerializer.Deserialize<RoundResult>(File.ReadAllText(PathOf(fault)), s_format) : null;

    public void Forget(ClusterFault fault) => File.Delete(PathOf(fault));

    /// <summary>Those without a result. A round that goes wrong costs its laboratory, so that it cannot disturb the next one.</summary>
    public async Task RunAsync(IReadOnlyList<ClusterFault> faults, CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        ClusterLab? lab = null;
        try
        {
            foreach (ClusterFault fault in faults.Where(fault => !File.Exists(PathOf(fault))))
            {
                if (stop.IsCancellationRequested)
                {
                    break;
                }

                lab ??= await ClusterLab.StartAsync();
                RoundResult result = await RunAsync(lab, fault);
                Keep(fault, result, lab);
                say(result.ToString());
                if (!result.IsGood)
                {
                    await lab.DisposeAsync();
                    lab = null;
                }
            }
        }
        finally
        {
            if (lab is not null)
            {
                await lab.DisposeAsync();
            }
        }
    }

    public static async Task<RoundResult> RunAsync(ClusterLab lab, ClusterFault fault)
    {
        try
        {
            return await new ClusterRound(lab, fault).RunAsync();
        }
#pragma warning disable CA1031 // Whatever went wrong is the result of this round; the others are run all the same.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return RoundResult.Broken(fault.Name, e.ToString());
        }
    }

    private void Keep(ClusterFault fault, RoundResult result, ClusterLab lab)
    {
        if (!result.IsGood)
        {
            File.WriteAllText(PathOf(fault) + ".log", lab.Log());
        }

        // Whole when it is there.
        string unfinished = PathOf(fault) + ".new";
        File.WriteAllText(unfinished, JsonSerializer.Serialize(result, s_format));
        File.Move(unfinished, PathOf(fault), overwrite: true);
    }

    private string PathOf(ClusterFault fault) => Path.Combine(folder, fault.Name + ".json");
}
