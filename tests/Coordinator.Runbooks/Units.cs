using Coordinator.Lab.Deployments;

namespace Coordinator.Runbooks;

/// <summary>
/// In the place of systemd and ssh: a deployment's processes are the units <c>coordinator-server</c> and, on each host, <c>coordinator-agent</c>. The stand-ins <c>systemctl</c> and <c>ssh</c>
/// on the runbooks' PATH ask through two files; everything else on that PATH is the real program.
/// </summary>
internal sealed class Units : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Deployment _deployment;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _answering;

    private Units(string folder, Deployment deployment)
    {
        _folder = folder;
        _deployment = deployment;
        _answering = Task.Run(AnswerAsync);
    }

    /// <param name="folder">Gets the stand-ins.</param>
    /// <param name="deployment">Whose processes are the units.</param>
    public static Units In(string folder, Deployment deployment)
    {
        Program(folder, "coordctl", $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "coordctl.dll")}' \"$@\"");
        Program(folder, "ssh", "host=$1; shift; LAB_HOST=$host exec bash -c \"$*\"");
        Program(folder, "systemctl", $$"""
            exec 9>'{{folder}}/turn'; flock 9
            rm -f '{{folder}}/answer'
            echo "${LAB_HOST:--} $*" > '{{folder}}/request.new'; mv '{{folder}}/request.new' '{{folder}}/request'
            while [ ! -e '{{folder}}/answer' ]; do sleep 0.02; done
            cat '{{folder}}/answer'; ! grep -q '^failed' '{{folder}}/answer'
            """);
        return new Units(folder, deployment);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _answering;
        _stop.Dispose();
    }

    private static void Program(string folder, string name, string script)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/bash\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task AnswerAsync()
    {
        string request = Path.Combine(_folder, "request");
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Eventually.BecomesTrue(() => File.Exists(request), TimeSpan.MaxValue, "a request", cancellation: _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            string[] words = (await File.ReadAllTextAsync(request)).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            File.Delete(request);
            string answer;
            try
            {
                answer = await CarryOutAsync(words);
            }
#pragma warning disable CA1031 // The page's command fails with it, and its test shows why.
            catch (Exception e)
#pragma warning restore CA1031
            {
                answer = $"failed: {e.Message}\n";
            }

            await File.WriteAllTextAsync(Path.Combine(_folder, "answer.new"), answer);
            File.Move(Path.Combine(_folder, "answer.new"), Path.Combine(_folder, "answer"));
        }
    }

    private async Task<string> CarryOutAsync(string[] words)
    {
        (string host, string verb, string unit) = (words[0], words[1], words[^1]);
        IReadOnlyList<Part> parts = unit switch
        {
            "coordinator-server" => [.. _deployment.Coordinators],
            "coordinator-agent" => [_deployment.Agent(host)],
            _ => throw new InvalidOperationException($"there is no unit {unit}"),
        };
        if (verb == "kill")
        {
            await KillAsync(words[^2], parts);
            return "";
        }

        if (verb is not ("start" or "stop" or "restart" or "is-active"))
        {
            throw new InvalidOperationException($"systemctl {verb} has no stand-in");
        }

        if (verb is "stop" or "restart")
        {
            await Task.WhenAll(parts.Select(part => part.EndAsync()));
        }

        if (verb is "start" or "restart")
        {
            foreach (Part part in parts)
            {
                part.Start();
            }
        }

        return verb == "is-active" ? (parts.All(part => part.IsRunning) ? "active\n" : "inactive\n") : "";
    }

    /// <summary><c>systemctl kill --signal KILL</c>; what was killed is started again at once, as its unit says.</summary>
    private static async Task KillAsync(string signal, IReadOnlyList<Part> parts)
    {
        foreach (Part part in parts)
        {
            switch (signal)
            {
                case "KILL":
                    await part.KillAsync();
                    part.Start();
                    break;
                case "STOP":
                    part.Freeze();
                    break;
                case "CONT":
                    part.Thaw();
                    break;
                default:
                    throw new InvalidOperationException($"signal {signal} has no stand-in");
            }
        }
    }
}
