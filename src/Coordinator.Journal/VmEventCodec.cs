using System.Collections.Frozen;
using System.Runtime.Serialization;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Journal.Stored;
using Google.Protobuf;

namespace Coordinator.Journal;

/// <summary>
/// Every event of a VM with its manifest and its stored message, both ways. A manifest is two letters and a version; it is never given to another
/// message. The reading side of a retired version stays here for ever and turns it into the current event, so that the state machine knows only
/// current ones.
/// </summary>
public static class VmEventCodec
{
    private static readonly EquatableList<Entry> s_entries =
    [
        Of<VmEvent.IncarnationStarted, IncarnationStarted>(
            "is1",
            IncarnationStarted.Parser,
            e => new() { Incarnation = StoredFields.Uuid(e.Incarnation.Value), Epoch = e.Epoch.Value },
            s => new VmEvent.IncarnationStarted(new IncarnationId(StoredFields.Uuid(s.Incarnation)), new Epoch(s.Epoch))),
        Of<VmEvent.VmStartOrdered, VmStartOrdered>(
            "vs1",
            VmStartOrdered.Parser,
            e => new() { Request = e.Request.Value, Host = e.Host.Value, Launch = StoredFields.Uuid(e.Launch.Value), DefinitionYaml = e.DefinitionYaml },
            s => new VmEvent.VmStartOrdered(new RequestId(s.Request), new HostName(s.Host), new LaunchId(StoredFields.Uuid(s.Launch)), s.DefinitionYaml)),
        Of<VmEvent.VmResident, VmResident>(
            "vr1",
            VmResident.Parser,
            e => new() { Host = e.Host.Value, Launch = StoredFields.Uuid(e.Launch.Value) },
            s => new VmEvent.VmResident(new HostName(s.Host), new LaunchId(StoredFields.Uuid(s.Launch)))),
        Of<VmEvent.VmStopOrdered, VmStopOrdered>(
            "vp1", VmStopOrdered.Parser, e => new() { Request = e.Request.Value }, s => new VmEvent.VmStopOrdered(new RequestId(s.Request))),
        Of<VmEvent.VmGone, VmGone>("vg1", VmGone.Parser, e => new() { Reason = e.Reason }, s => new VmEvent.VmGone(s.Reason)),
        Of<VmEvent.MigrationRequested, MigrationRequested>("mr1", MigrationRequested.Parser, StoredMigration.Write, StoredMigration.Read),
        Of<VmEvent.MigrationScheduled, MigrationScheduled>(
            "ms1", MigrationScheduled.Parser, e => new() { Id = StoredFields.Uuid(e.Id) }, s => new VmEvent.MigrationScheduled(StoredFields.Uuid(s.Id))),
        Of<VmEvent.AttemptOpened, AttemptOpened>(
            "ao1",
            AttemptOpened.Parser,
            e => new() { Attempt = e.Attempt.Value, Launch = StoredFields.Uuid(e.Launch.Value) },
            s => new VmEvent.AttemptOpened(StoredFields.Attempt(s.Attempt), new LaunchId(StoredFields.Uuid(s.Launch)))),
        Of<VmEvent.DestinationPrepared, DestinationPrepared>(
            "dp1",
            DestinationPrepared.Parser,
            e => new() { Attempt = e.Attempt.Value, Store = StoredFields.Uuid(e.Store.Value) },
            s => new VmEvent.DestinationPrepared(StoredFields.Attempt(s.Attempt), new StoreInstanceId(StoredFields.Uuid(s.Store)))),
        Of<VmEvent.RehearsalCompleted, RehearsalCompleted>("rc1", RehearsalCompleted.Parser, StoredMigration.Write, StoredMigration.Read),
        Of<VmEvent.SwitchoverAuthorized, SwitchoverAuthorized>(
            "sa1",
            SwitchoverAuthorized.Parser,
            e => new() { Attempt = e.Attempt.Value, Store = StoredFields.Uuid(e.Store.Value) },
            s => new VmEvent.SwitchoverAuthorized(StoredFields.Attempt(s.Attempt), new StoreInstanceId(StoredFields.Uuid(s.Store)))),
        Of<VmEvent.IterationCompleted, IterationCompleted>("ic1", IterationCompleted.Parser, StoredMigration.Write, StoredMigration.Read),
        Of<VmEvent.CancelRequested, CancelRequested>(
            "cr1", CancelRequested.Parser, e => new() { Request = e.Request.Value }, s => new VmEvent.CancelRequested(new RequestId(s.Request))),
        Of<VmEvent.PhaseTimedOut, PhaseTimedOut>(
            "pt1", PhaseTimedOut.Parser, e => new() { Phase = StoredWords.Write(e.Phase) }, s => new VmEvent.PhaseTimedOut(StoredWords.Read(s.Phase))),
        Of<VmEvent.StartRefused, StartRefused>(
            "sr1",
            StartRefused.Parser,
            e => new() { Attempt = e.Attempt.Value, Reason = e.Reason },
            s => new VmEvent.StartRefused(StoredFields.Attempt(s.Attempt), s.Reason)),
        Of<VmEvent.SwitchoverEntered, SwitchoverEntered>(
            "se1", SwitchoverEntered.Parser, e => new() { Attempt = e.Attempt.Value }, s => new VmEvent.SwitchoverEntered(StoredFields.Attempt(s.Attempt))),
        Of<VmEvent.GuestRunsAtDestination, GuestRunsAtDestination>(
            "gr1",
            GuestRunsAtDestination.Parser,
            e => new() { Attempt = e.Attempt.Value },
            s => new VmEvent.GuestRunsAtDestination(StoredFields.Attempt(s.Attempt))),
        Of<VmEvent.BlackoutMeasured, BlackoutMeasured>("bm1", BlackoutMeasured.Parser, StoredMigration.Write, StoredMigration.Read),
        Of<VmEvent.QueuesJudged, QueuesJudged>("qj1", QueuesJudged.Parser, StoredQueues.Write, StoredQueues.Read),
        Of<VmEvent.VerdictReached, VerdictReached>(
            "ve1",
            VerdictReached.Parser,
            e => new() { Attempt = e.Attempt.Value, Verdict = StoredWords.Write(e.Verdict) },
            s => new VmEvent.VerdictReached(StoredFields.Attempt(s.Attempt), StoredWords.Read(s.Verdict))),
        Of<VmEvent.GateRefused, GateRefused>("gf1", GateRefused.Parser, StoredMigration.Write, StoredMigration.Read),
        Of<VmEvent.AttemptEnded, AttemptEnded>(
            "ae1",
            AttemptEnded.Parser,
            e => new() { Attempt = e.Attempt.Value, Reason = e.Reason, MayRetry = e.MayRetry },
            s => new VmEvent.AttemptEnded(StoredFields.Attempt(s.Attempt), s.Reason, s.MayRetry)),
        Of<VmEvent.DebtSettled, DebtSettled>(
            "ds1",
            DebtSettled.Parser,
            e => new() { Host = e.Host.Value, Attempt = e.Attempt.Value },
            s => new VmEvent.DebtSettled(new HostName(s.Host), StoredFields.Attempt(s.Attempt))),
        Of<VmEvent.DoubtRaised, DoubtRaised>(
            "dr1",
            DoubtRaised.Parser,
            e => new() { Attempt = e.Attempt.Value, Evidence = e.Evidence },
            s => new VmEvent.DoubtRaised(StoredFields.Attempt(s.Attempt), s.Evidence)),
        Of<VmEvent.HostProvenOff, HostProvenOff>("ho1", HostProvenOff.Parser, StoredDoubt.Write, StoredDoubt.Read),
        Of<VmEvent.DoubtResolved, DoubtResolved>("dz1", DoubtResolved.Parser, StoredDoubt.Write, StoredDoubt.Read),
        Of<VmEvent.ResolutionFailed, ResolutionFailed>(
            "rf1",
            ResolutionFailed.Parser,
            e => new() { Attempt = e.Attempt.Value, Reason = e.Reason },
            s => new VmEvent.ResolutionFailed(StoredFields.Attempt(s.Attempt), s.Reason)),
        Of<VmEvent.ForeignRunReported, ForeignRunReported>(
            "fr1",
            ForeignRunReported.Parser,
            e => new() { Attempt = e.Attempt.Value, Host = e.Host.Value },
            s => new VmEvent.ForeignRunReported(StoredFields.Attempt(s.Attempt), new HostName(s.Host))),
        Of<VmEvent.ResidenceCorrected, ResidenceCorrected>(
            "vc1",
            ResidenceCorrected.Parser,
            e => new() { Host = e.Host.Value, Launch = StoredFields.Uuid(e.Launch.Value), Attempt = e.Attempt.Value },
            s => new VmEvent.ResidenceCorrected(new HostName(s.Host), new LaunchId(StoredFields.Uuid(s.Launch)), StoredFields.Attempt(s.Attempt))),
        Of<VmEvent.GuestLost, GuestLost>(
            "gl1",
            GuestLost.Parser,
            e => new() { Attempt = e.Attempt.Value, Evidence = e.Evidence },
            s => new VmEvent.GuestLost(StoredFields.Attempt(s.Attempt), s.Evidence)),
        Of<VmEvent.MigrationEnded, MigrationEnded>(
            "me1",
            MigrationEnded.Parser,
            e => new() { Phase = StoredWords.Write(e.Phase), Reason = e.Reason },
            s => new VmEvent.MigrationEnded(StoredWords.Read(s.Phase), s.Reason)),
    ];

    private static readonly FrozenDictionary<string, Entry> s_byManifest = s_entries.ToFrozenDictionary(e => e.Manifest, StringComparer.Ordinal);
    private static readonly FrozenDictionary<Type, Entry> s_byType = s_entries.ToFrozenDictionary(e => e.Event);

    /// <exception cref="SerializationException">The event has no stored form.</exception>
    public static string ManifestOf(Type eventType)
    {
        ArgumentNullException.ThrowIfNull(eventType);
        return EntryOf(eventType).Manifest;
    }

    /// <exception cref="SerializationException">The event has no stored form, or a value that has none.</exception>
    public static IMessage Encode(VmEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        return EntryOf(happened.GetType()).Write(happened);
    }

    /// <exception cref="SerializationException">The manifest is unknown, or the bytes are not what it names.</exception>
    public static VmEvent Decode(string manifest, ByteString bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return s_byManifest.TryGetValue(manifest, out Entry? entry)
            ? entry.Read(bytes)
            : throw new SerializationException($"manifest '{manifest}' is unknown to this version; a newer one wrote it");
    }

    private static Entry EntryOf(Type type) =>
        s_byType.TryGetValue(type, out Entry? entry) ? entry
            : throw new SerializationException($"{type.FullName} has no stored form; add it to the codec with a golden file");

    private static Entry Of<TEvent, TStored>(string manifest, MessageParser<TStored> parser, Func<TEvent, TStored> write, Func<TStored, VmEvent> read)
        where TEvent : VmEvent
        where TStored : IMessage<TStored> =>
        new(manifest, typeof(TEvent), e => write((TEvent)e), bytes => read(parser.ParseFrom(bytes)));

    private sealed record Entry(string Manifest, Type Event, Func<VmEvent, IMessage> Write, Func<ByteString, VmEvent> Read);
}
