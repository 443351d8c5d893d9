using System.CommandLine;
using Coordinator.Actors.Platform;

namespace Coordinator.Server.Journals;

/// <summary><c>coordinator-server journal</c>: what is done to the journal's file and not through a running coordinator. <c>coordctl journal</c> calls it.</summary>
internal static class JournalVerbs
{
    private const int Refused = 4;

    internal static Command Command() => new("journal", "back the journal up, and put a backup in its place") { Backup(), Restore() };

    private static Option<string> Data() => new("--data") { Description = "directory of the journal", HelpName = "DIR", Required = true };

    private static Command Backup()
    {
        Argument<string> file = new("FILE") { Description = "must not exist yet" };
        Option<string> data = Data();
        Command command = new("backup", "a consistent copy while coordinators run") { file, data };
        command.SetAction(parsed => Act(() => JournalFile.In(parsed.GetRequiredValue(data)).BackUp(parsed.GetRequiredValue(file))));
        return command;
    }

    private static Command Restore()
    {
        Argument<string> file = new("FILE") { Description = "a backup" };
        Option<string> data = Data();
        Command command = new("restore", "put a backup in the journal's place; the journal that was there is kept beside it; refused while a coordinator runs") { file, data };
        command.SetAction(parsed => Act(() => JournalFile.In(parsed.GetRequiredValue(data)).Restore(parsed.GetRequiredValue(file), TimeProvider.System)));
        return command;
    }

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
