using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Domain;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;

namespace Coordinator.Chaos.Evidence;

/// <summary>
/// Watches every QEMU of a deployment from outside: the hosts' QEMU is a script that becomes the real one with one more monitor. What agents and coordinators believe plays no part.
/// </summary>
internal sealed class QemuObserver : IAsyncDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(5);

    private readonly string _folder;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, ObservedQemu> _seen = new();
    private Task _watching = Task.CompletedTask;

    private QemuObserver(string folder) => _folder = folder;

    public static async Task<QemuObserver> StartAsync(QemuBinary real)
    {
        QemuObserver observer = new(Directory.CreateTempSubdirectory("obs-").FullName);
        foreach (string host in new[] { Deployment.Alpha, Deployment.Beta })
        {
            string script = observer.BinaryOf(host);
            await File.WriteAllTextAsync(script, $"#!/bin/sh\nexec {real.Path} \"$@\" -qmp unix:{observer._folder}/{host}-$$.sock,server=on,wait=off\n");
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        observer._watching = observer.WatchAsync();
        return observer;
    }

    /// <summary>What a host's configuration names as its QEMU.</summary>
    public string BinaryOf(string host) => Path.Combine(_folder, $"qemu-{host}");

    public IReadOnlyList<ObservedQemu> Of(string vm) => [.. _seen.Values.Where(qemu => qemu.Vm == vm)];

    public IReadOnlyList<GuestRun> Runs(string vm) => [.. Of(vm).SelectMany(qemu => qemu.Runs).OrderBy(run => run.From)];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        foreach (ObservedQemu qemu in _seen.Values)
        {
            await qemu.DisposeAsync();
        }

        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WatchAsync()
    {
        using PeriodicTimer look = new(s_look);
        try
        {
            while (await look.WaitForNextTickAsync(_stop.Token))
            {
                foreach (string socket in Directory.EnumerateFiles(_folder, "*.sock"))
                {
                    string[] name = Path.GetFileNameWithoutExtension(socket).Split('-');
                    int pid = int.Parse(name[1], CultureInfo.InvariantCulture);
                    if (!_seen.ContainsKey(pid))
                    {
                        await MeetAsync(pid, socket, host: name[0]);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody asks any more.
        }
    }

    private async Task MeetAsync(int pid, string socket, string host)
    {
        (string vm, string launch) = NamesOf(pid);
        if (vm.Length == 0)
        {
            // It has ended: what it left behind is nobody's any more, and its number may come back.
            File.Delete(socket);
            return;
        }

        if (await ObservedQemu.ConnectAsync(pid, socket, host, vm, new LaunchId(Guid.Parse(launch, CultureInfo.InvariantCulture))) is { } observed)
        {
            _seen[pid] = observed;

            // Another process that gets this number makes a socket of the same name.
            File.Delete(socket);
        }
    }

    /// <summary>As the agent named it: <c>-name guest=VM,process=...</c>, <c>-chardev socket,id=coordinator-LAUNCH,...</c>.</summary>
    private static (string Vm, string Launch) NamesOf(int pid)
    {
        try
        {
            string arguments = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"));
            return (After(arguments, "guest="), After(arguments, "id=coordinator-"));
        }
        catch (IOException)
        {
            return ("", "");
        }
    }

    private static string After(string arguments, string word)
    {
        int begin = arguments.IndexOf(word, StringComparison.Ordinal);
        return begin < 0 ? "" : arguments[(begin + word.Length)..].Split(',', '\0')[0];
    }
}
