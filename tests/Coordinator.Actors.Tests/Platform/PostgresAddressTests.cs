using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Tests.Platform;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("Host=db.example;Database=coordinator;Username=c;Password=p%40ss", "PostgreSQL database coordinator at db.example:5432", "p%40ss")]
    [InlineData("postgresql://c:p%40ss@db.example:6432/coordinator?sslmode=verify-full&application_name=x", "PostgreSQL database coordinator at db.example:6432", "p@ss")]
    [InlineData("postgres://c@[::1]/coordinator", "PostgreSQL database coordinator at ::1:5432", null)]
    [InlineData("postgresql://c@a:5432,b:5433/coordinator?target_session_attrs=read-write", "PostgreSQL database coordinator at a:5432,b:5433", null)]
    public void Address_InEitherNotation_IsRead(string text, string description, string? password)
    {
        var store = PostgresStore.Of(text);
        Assert.Equal(description, store.Description);
        var settings = new Npgsql.NpgsqlConnectionStringBuilder(store.ConnectionString);
        Assert.Equal(("c", "coordinator", password), (settings.Username, settings.Database, settings.Password));
        Assert.Equal((PostgresStore.StatementTimeoutSeconds, PostgresStore.ConnectTimeoutSeconds), (settings.CommandTimeout, settings.Timeout));
    }

    [Fact]
    public void Address_WhatItSets_Stays()
    {
        var settings = new Npgsql.NpgsqlConnectionStringBuilder(
            PostgresStore.Of("postgresql://c@h/d?connect_timeout=9&sslmode=verify-full&options=-c%20search_path%3Dx", "from a file").ConnectionString);
        Assert.Equal((9, "-c search_path=x", "from a file", Npgsql.SslMode.VerifyFull), (settings.Timeout, settings.Options, settings.Password, settings.SslMode));
    }

    [Theory]
    [InlineData("Host=h;Database=d;Username=u;Password=se;cret", "neither a connection string")]
    [InlineData("postgresql://u:secret@h:port/d", "neither a connection string")]
    [InlineData("postgresql://u:secret@h/d?secret=1", "neither a connection string")]
    [InlineData("secret", "neither a connection string")]
    [InlineData("postgresql://u:secret@/d", "does not name a host")]
    [InlineData("postgresql://h", "does not name a database nor a user")]
    [InlineData("Host=h;Database=d;Username=u;Password=secret;Command Timeout=30", "it must be 1 to 4 s")]
    public void Address_ThatCannotBeUsed_IsRefusedWithoutItsSecrets(string text, string why)
    {
        var refusal = Assert.Throws<StoreException>(() => PostgresStore.Of(text));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cret", refusal.ToString().Replace("secrets", "", StringComparison.Ordinal).Split("at Coordinator", 2)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Server_ThatIsNotThere_IsRefusedWithItsPlace()
    {
        var refusal = Assert.Throws<StoreException>(() => PostgresStore.Of("postgresql://u:secret@127.0.0.1:1/d").CreateAndVerify(20));
        Assert.StartsWith("PostgreSQL database d at 127.0.0.1:1 cannot be used: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.ToString(), StringComparison.Ordinal);
    }
}
