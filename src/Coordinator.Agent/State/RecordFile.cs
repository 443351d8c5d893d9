using Microsoft.Data.Sqlite;

namespace Coordinator.Agent.State;

/// <summary>
/// The records of a state directory whose agent cannot be asked: its host is off and its disk is mounted elsewhere. Nothing of the directory is written, or the store would take
/// itself for a restored one when its own agent starts again: the database and its log are copied aside and read there.
/// </summary>
internal static class RecordFile
{
    /// <returns>The newest payload of each kind that the store's own instance recorded about the VM.</returns>
    /// <exception cref="AgentStoreException">There is no store, or it cannot be read.</exception>
    public static IReadOnlyDictionary<string, byte[]> NewestOf(string stateDirectory, string vm)
    {
        string database = Path.Combine(stateDirectory, StoreDatabase.FileName);
        if (!File.Exists(database))
        {
            throw new AgentStoreException(StoreFault.Refused, $"there is no agent's store in {stateDirectory} (no {StoreDatabase.FileName})");
        }

        DirectoryInfo aside = Directory.CreateTempSubdirectory("coordinator-record-");
        try
        {
            foreach (string suffix in (ReadOnlySpan<string>)["", "-wal"])
            {
                if (File.Exists(database + suffix))
                {
                    File.Copy(database + suffix, Path.Combine(aside.FullName, StoreDatabase.FileName + suffix));
                }
            }

            using SqliteConnection connection = StoreDatabase.Open(aside.FullName);
            StoreDatabase.RequireHealthy(connection);
            return Newest(connection, vm);
        }
        catch (SqliteException e)
        {
            throw StoreDatabase.Explained(e, database);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentStoreException(StoreFault.Refused, $"{database} cannot be read: {e.Message}", e);
        }
        finally
        {
            aside.Delete(recursive: true);
        }
    }

    private static Dictionary<string, byte[]> Newest(SqliteConnection connection, string vm)
    {
        using SqliteCommand command = StoreDatabase.Command(
            connection, "SELECT kind, payload FROM record WHERE vm = $vm AND instance = (SELECT id FROM instance) ORDER BY sequence", ("$vm", vm));
        using SqliteDataReader row = command.ExecuteReader();
        Dictionary<string, byte[]> newest = new(StringComparer.Ordinal);
        while (row.Read())
        {
            newest[row.GetString(0)] = (byte[])row[1];
        }

        return newest;
    }
}
