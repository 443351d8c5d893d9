using System.CommandLine;
using Coordinator.Actors.Platform;

namespace Coordinator.Server.Journals;

/// <summary><c>coordinator-server journal</c>: what is done to the journal's file and not through a running coordinator. <c>coordctl journal</c> calls it.</summary>
internal static class JournalVerbs
{
    private const int Refused = 4;

    internal static Command Command() => new("journal", "back the journal up, and put a backup in its place") { Backup(), Restore() };

    private static Option<string?> Data() => new("--data") { Description = "directory of the journal", HelpName = "DIR" };

    private static Option<string?> Database() => new("--database")
    {
        Description = "refused: a journal in PostgreSQL is backed up and restored by PostgreSQL's own tools",
        HelpName = "CONNECTION",
    };

    /// <exception cref="StoreException">The journal is in PostgreSQL, or nobody said where it is.</exception>
    internal static JournalFile File(string? data, string? database, string verb, Func<string, string?> environment) => data is not null && database is null
        ? JournalFile.In(data)
        : throw new StoreException(database is not null || environment("COORDINATOR_DATABASE") is { Length: > 0 }
            ? $"a journal in PostgreSQL is not a file, and 'journal {verb}' does not touch it: " + (verb == "backup"
                ? "pg_dump makes a consistent copy while coordinators run (pg_dump --format=custom --file=FILE DATABASE); for more than nightly copies use PostgreSQL's continuous archiving"
                : "with every coordinator stopped, put the copy into an empty database (createdb NEW; pg_restore --exit-on-error --dbname=NEW FILE) and start the coordinators with that one; keep the old one beside it")
            : "--data names the directory of the journal");

    private static Command Backup()
    {
        Argument<string> file = new("FILE") { Description = "must not exist yet" };
        Option<string?> data = Data();
        Option<string?> database = Database();
        Command command = new("backup", "a consistent copy while coordinators run") { file, data, database };
        command.SetAction(parsed => Act(() => File(parsed, data, database, "backup").BackUp(parsed.GetRequiredValue(file))));
        return command;
    }

    private static Command Restore()
    {
        Argument<string> file = new("FILE") { Description = "a backup" };
        Option<string?> data = Data();
        Option<string?> database = Database();
        Command command = new("restore", "put a backup in the journal's place; the journal that was there is kept beside it; refused while a coordinator runs") { file, data, database };
        command.SetAction(parsed => Act(() => File(parsed, data, database, "restore").Restore(parsed.GetRequiredValue(file), TimeProvider.System)));
        return command;
    }

    private static JournalFile File(ParseResult parsed, Option<string?> data, Option<string?> database, string verb) =>
        File(parsed.GetValue(data), parsed.GetValue(database), verb, Environment.GetEnvironmentVariable);

    private static int Act(Func<string> act)
    {
        try
        {
            Console.WriteLine(act());
            return 0;
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return Refused;
        }
    }
}
