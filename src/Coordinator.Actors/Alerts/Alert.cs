using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Actors.Alerts;

/// <summary>What a person has to hear of. Extended only: receivers match on the words.</summary>
public enum AlertKind
{
    /// <summary>
    /// Nobody can tell where the guest may run. Tried until it is taken or the doubt is over, told again after every recovery of the VM's entity, and raised anew when a person's word could not be
    /// carried out.
    /// </summary>
    MigrationInDoubt,

    /// <summary>A copy ran that nobody had granted; its agent has stopped it. Who continued it has to be found out.</summary>
    ForeignRun,

    /// <summary>A person's word on a doubt was recorded and is being carried out.</summary>
    DoubtResolved,

    /// <summary>A migration left its doubt: a word was carried out, or evidence came, perhaps against a word that had been given.</summary>
    DoubtEnded,
}

/// <summary>One alert as it is logged, given to a command on standard input, and posted: one JSON object.</summary>
/// <param name="Id">Of the raise: VM, migration and place in the VM's journal. The same for every repetition, so that a receiver can tell them from a new one.</param>
/// <param name="Evidence">All that is known, in one sentence.</param>
/// <param name="RaisedAt">When it was journalled.</param>
/// <param name="Node">The coordinator node that says it.</param>
/// <param name="Repetition">It may have been delivered before: by a coordinator that ended, or before this VM's entity was restarted.</param>
public sealed record Alert(AlertKind Kind, string Id, string Vm, string Migration, int Attempt, string Source, string Destination, string Phase,
    string Evidence, DateTimeOffset RaisedAt, string Node, bool Repetition)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Of the log line; stable.</summary>
    public int EventId => AlertLog.EventIdOf(Kind);

    public string Severity => AlertLog.SeverityOf(Kind);

    /// <summary>Of a foreign run: where.</summary>
    public string? Host { get; init; }

    /// <summary>Of a person's word: who, how they know, what they chose, and the disks that may be rewound.</summary>
    public AlertWord? Word { get; init; }

    /// <summary>The page for whoever is woken up.</summary>
    public string Runbook { get; init; } = "docs/runbooks/migration-in-doubt.md";

    public string ToJson() => JsonSerializer.Serialize(this, s_json);
}

public sealed record AlertWord(string By, string Proof, string Choice, IReadOnlyList<string> Disks);
