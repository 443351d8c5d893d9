using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Agent.State;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Google.Protobuf;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// The word of a source agent that can no longer give it: its QEMU had completed the attempt, and these were the final indices. Written as <c>coordctl resolve --record</c> reads
/// it (coordinator.api.v1.ReleaseRecord in JSON).
/// </summary>
internal static class ReleaseRecord
{
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <exception cref="AgentStoreException">The state directory has no such record; the message says why.</exception>
    public static string Read(string stateDirectory, string vm)
    {
        string name = new VmName(vm).Value;
        IReadOnlyDictionary<string, byte[]> newest = RecordFile.NewestOf(stateDirectory, name);
        if (!newest.TryGetValue(RecordCodec.SourceKind, out byte[]? stored))
        {
            throw Missing($"VM '{name}' was never the source of a migration on this host");
        }

        SourceRecords source = RecordCodec.Source(stored);
        if (source.Completed < source.Started)
        {
            throw Missing($"attempt {source.Started} of VM '{name}' is not recorded as completed: its guest may have run on here, so there is no word to release its copy");
        }

        if (source.ForeignRun >= source.Started || source.Refused >= source.Started || source.KeptByWord >= source.Started)
        {
            throw Missing($"the guest went on here after attempt {source.Started} of VM '{name}': its copy elsewhere must not run");
        }

        if (!newest.TryGetValue(RecordCodec.FinalKind, out byte[]? kept) || RecordCodec.Final(kept) is not { Released: { } released } final || final.Attempt != source.Started)
        {
            throw Missing($"the final indices of attempt {source.Started} of VM '{name}' are missing");
        }

        Released word = released.Clone();
        word.GuestWasRunning = source.GuestWasRunning;
        return JsonSerializer.Serialize(new Written(name, source.Started.Value, source.DestinationStore.Value.ToString(), word.ToByteArray()), s_format);
    }

    private static AgentStoreException Missing(string reason) => new(StoreFault.Refused, reason);

    private sealed record Written(
        [property: JsonPropertyName("vm")] string Vm, [property: JsonPropertyName("attempt")] int Attempt,
        [property: JsonPropertyName("destinationStore")] string DestinationStore, [property: JsonPropertyName("released")] byte[] Released);
}
