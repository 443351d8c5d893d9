using Akka.Persistence.Journal;

namespace Coordinator.Journal;

/// <summary>
/// Tags every event of a VM with <see cref="Tag"/>, so that a projection reads one ordered stream. Old events are brought up to date in the codec, not
/// here.
/// </summary>
public sealed class MigrationTagging : IWriteEventAdapter
{
    public const string Tag = "migration";

    public string Manifest(object evt) => "";

    public object ToJournal(object evt) => evt is VmRecord ? new Tagged(evt, [Tag]) : evt;
}
