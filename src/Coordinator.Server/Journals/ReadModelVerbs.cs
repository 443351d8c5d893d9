using System.CommandLine;
using Coordinator.Actors.Platform;
using Coordinator.ReadModel;
using Coordinator.Server.Hosting;

namespace Coordinator.Server.Journals;

/// <summary><c>coordinator-server readmodel rebuild</c>: beside running coordinators or without any; the one that projects notices and begins anew.</summary>
internal static class ReadModelVerbs
{
    private const int Refused = 4;

    internal static Command Command(Option<string?> data, Option<string?> database, Option<string?> passwordFile)
    {
        Command rebuild = new("rebuild", "remove the tables' rows; the coordinators fold them from the journal again, and lists are incomplete until then") { data, database, passwordFile };
        rebuild.SetAction(parsed =>
        {
            try
            {
                SqlStore store = DatabaseChoice.Of(
                    parsed.GetValue(data), parsed.GetValue(database), parsed.GetValue(passwordFile), Environment.GetEnvironmentVariable).Open();
                new ReadModelTables(store).BeginAnew(foldVersion: 0, removeRows: true);
                Console.WriteLine($"{store.Description}: the read model is empty; a running coordinator fills it again, or the next one that starts");
                return 0;
            }
            catch (Exception e) when (e is OptionException or StoreException or System.Data.Common.DbException or IOException)
            {
                Console.Error.WriteLine(e.Message);
                return Refused;
            }
        });
        return new Command("readmodel", "the tables that lists are read from") { rebuild };
    }
}
