using Microsoft.Data.Sqlite;

namespace Coordinator.Chaos.Faults;

/// <summary>Another process holds the only right to write that SQLite has.</summary>
internal sealed class HeldJournal : IDisposable
{
    private readonly SqliteConnection _connection;

    public HeldJournal(string file)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 }.ToString());
        _connection.Open();
        Run("BEGIN IMMEDIATE");
    }

    public void Dispose()
    {
        Run("ROLLBACK");
        _connection.Dispose();
    }

    private void Run(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
