using System.Text.Json.Nodes;
using Coordinator.Lab;
using Coordinator.Lab.Processes;

namespace Coordinator.Runbooks.Containers;

/// <summary>The whole of docker/compose.yaml but Grafana, started with exactly its settings by unprivileged users.</summary>
public sealed class RehearsalTests
{
    private const string Guests = "for p in /proc/[0-9]*; do [ $(cat $p/comm) = qemu:first ] && basename $p; done; true";
    private static readonly string[] s_coordinators = ["coordinator-1", "coordinator-2", "coordinator-3"];

    [Fact]
    public async Task Compose_StartedWithoutDocker_MovesAGuestWhoseAgentWasReplaced()
    {
        await ExternalCommand.Run(LabFolder.Installer("postgres.sh"), []);
        await using Rehearsal rehearsal = await Rehearsal.StartAsync();

        await Good(rehearsal.RunAsync("certs"));
        // Repeated, as by the second 'docker compose up', it changes nothing.
        await Good(rehearsal.RunAsync("certs"));
        await rehearsal.StartAsync("postgres", Postgres());
        await PostgresAnswersAsync(rehearsal);
        await rehearsal.StartAsync("guests-alpha");
        await rehearsal.StartAsync("guests-beta");
        await rehearsal.BecomesHealthyAsync("guests-alpha");
        await rehearsal.BecomesHealthyAsync("guests-beta");
        foreach (string coordinator in s_coordinators)
        {
            await rehearsal.StartAsync(coordinator);
        }

        await rehearsal.StartAsync("agent-alpha");
        await rehearsal.StartAsync("agent-beta");
        foreach (string service in s_coordinators.Append("agent-alpha").Append("agent-beta"))
        {
            await rehearsal.BecomesHealthyAsync(service);
        }

        // A node that the others put out in the crowd of the start is alive again when it has been restarted.
        await Eventually.Becomes(
            async () => (await rehearsal.InsideAsync("coordinator-2", "coordinator-health", "livez")).Code == 0 ? "" : null,
            Rehearsal.Limit, "coordinator-2 to be alive", () => rehearsal.Output("coordinator-2"));
        await Eventually.Becomes(
            async () => (await rehearsal.RunAsync("coordctl", "coordctl", "get", "hosts")).Said is var hosts && hosts.Split("connected").Length > 2 && !hosts.Contains("not connected", StringComparison.Ordinal) ? "" : null,
            Rehearsal.Limit, "both hosts to be connected", () => rehearsal.Output("agent-alpha"));
        await Good(rehearsal.RunAsync("coordctl", "coordctl", "vm", "start", "first.yaml", "--host", "alpha"));
        string before = await Good(rehearsal.InsideAsync("guests-alpha", "sh", "-c", Guests));

        await rehearsal.KillAsync("agent-alpha");
        await rehearsal.StartAsync("agent-alpha");
        await rehearsal.BecomesHealthyAsync("agent-alpha");

        Assert.NotEmpty(before);
        Assert.Equal(before, await Good(rehearsal.InsideAsync("guests-alpha", "sh", "-c", Guests)));
        string moved = await Good(rehearsal.RunAsync("coordctl", "coordctl", "migrate", "first", "--to", "beta", "--watch"));
        Assert.Contains("Succeeded", moved, StringComparison.Ordinal);

        await FiguresArriveAsync(rehearsal);
    }

    /// <summary>What the image's own entrypoint does with the same environment.</summary>
    private static string[] Postgres() => WithPrograms(
        "cd /tmp; d=/var/lib/postgresql/data; "
            + "initdb -D $d --username=$POSTGRES_USER --pwfile=$POSTGRES_PASSWORD_FILE --no-sync $POSTGRES_INITDB_ARGS --auth-local=trust; "
            + "echo 'host all all all scram-sha-256' >>$d/pg_hba.conf; echo \"create database $POSTGRES_DB;\" | postgres --single -D $d postgres; "
            + "exec postgres -D $d -c listen_addresses='*' -c unix_socket_directories=/tmp");

    private static async Task PostgresAnswersAsync(Rehearsal rehearsal) => await Eventually.Becomes(
        async () => (await rehearsal.InsideAsync("postgres", WithPrograms(string.Join(' ', rehearsal.File["postgres"].Health)))).Code == 0 ? "" : null,
        Rehearsal.Limit, "PostgreSQL to answer", () => rehearsal.Output("postgres"));

    /// <summary>An installed package's programs, or those that the installer has unpacked with their libraries.</summary>
    private static string[] WithPrograms(string script)
    {
        string programs = Directory.GetDirectories("/usr/lib", "postgresql").Concat(Directory.GetDirectories("/var/tmp", "coordinator-postgres-*").Select(d => Path.Combine(d, "usr/lib/postgresql")))
            .SelectMany(d => Directory.GetFiles(d, "initdb", SearchOption.AllDirectories)).Select(f => Path.GetDirectoryName(f)!).First();
        return ["sh", "-ec", $"export LD_LIBRARY_PATH={programs}/../../../x86_64-linux-gnu PATH={programs}:$PATH; {script}"];
    }

    /// <summary>Prometheus reaches all three with its certificate, reads the alert rules, and understands every panel.</summary>
    private static async Task FiguresArriveAsync(Rehearsal rehearsal)
    {
        await rehearsal.StartAsync("prometheus", ["prometheus", .. rehearsal.File["prometheus"].List("command")]);
        await Eventually.Becomes(
            async () => await AskAsync(rehearsal, "sum(up{job=\"coordinator\"})") is (0, var up) && JsonNode.Parse(up)!["data"]!["result"] is JsonArray { Count: 1 } sum && sum[0]!["value"]![1]!.ToString() == "3" ? "" : null,
            Rehearsal.Limit, "Prometheus to reach three coordinators", () => rehearsal.Output("prometheus"));
        foreach (string expression in Dashboards.Expressions())
        {
            (int code, string said) = await AskAsync(rehearsal, expression.Replace("$__rate_interval", "30s", StringComparison.Ordinal));
            Assert.True(code == 0, $"{expression}: {said}");
        }
    }

    private static Task<(int Code, string Said)> AskAsync(Rehearsal rehearsal, string expression) =>
        rehearsal.InsideAsync("prometheus", "curl", "--silent", "--fail-with-body", "--get", "--data-urlencode", $"query={expression}", "http://127.0.0.1:9090/api/v1/query");

    private static async Task<string> Good(Task<(int Code, string Said)> run)
    {
        (int code, string said) = await run;
        Assert.True(code == 0, $"exit code {code}: {said}");
        return said;
    }
}
