using System.ComponentModel;
using System.Diagnostics;
using Coordinator.Domain;

namespace Coordinator.Actors.HostFencing;

/// <summary>Runs a command: exit code 0 means that the host is off. <c>{host}</c> and <c>{vm}</c> in its arguments are replaced; no shell is involved.</summary>
public sealed class CommandFencingHook(IReadOnlyList<string> command, TimeSpan timeOut, bool isAutomatic) : IFencingHook
{
    /// <summary>Of what the command says; a proof of more than this nobody reads.</summary>
    private const int SaidAtMost = 800;

    public bool IsAutomatic => isAutomatic;

    public async Task<FencingAnswer> ProveOffAsync(HostName host, VmName vm, CancellationToken stop)
    {
        ProcessStartInfo start = new(command[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument.Replace("{host}", host.Value, StringComparison.Ordinal).Replace("{vm}", vm.Value, StringComparison.Ordinal));
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeOut);
        try
        {
            using Process process = Process.Start(start) ?? throw new InvalidOperationException("it did not start");
            try
            {
                process.StandardInput.Close();
                Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
                Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                string said = Shorten($"{await output.ConfigureAwait(false)} {await errors.ConfigureAwait(false)}");
                return new FencingAnswer(process.ExitCode == 0, $"{command[0]} ended with {process.ExitCode}{(said.Length > 0 ? $": {said}" : "")}");
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return new FencingAnswer(IsOff: false, $"{command[0]} did not end within {timeOut.TotalSeconds:0} s");
            }
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return new FencingAnswer(IsOff: false, $"{command[0]} cannot be run: {e.Message}");
        }
    }

    internal static string Shorten(string said)
    {
        string line = string.Join(' ', said.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        line = new string([.. line.Where(c => !char.IsControl(c))]);
        return line.Length <= SaidAtMost ? line : line[..SaidAtMost];
    }
}
