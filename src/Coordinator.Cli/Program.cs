using System.Runtime.InteropServices;
using Coordinator.Cli;
using Coordinator.Cli.Outcomes;

// Ctrl-C, or the end of the terminal, ends what coordctl does, never what the coordinators do: a watch is left, `up` stops its children. By hand and not by System.CommandLine, which gives 2 s.
using CancellationTokenSource interrupted = new();
bool terminalIsClosed = false;
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    terminalIsClosed |= signal.Signal == PosixSignal.SIGHUP;
    interrupted.Cancel();
}

using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var sighup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
try
{
    return await Coordctl.Run(args, CliContext.OfProcess(), interrupted.Token);
}
catch (IOException) when (terminalIsClosed)
{
    // Nobody reads any more. What had to be ended or healed has been, on the way here.
    return ExitCode.Interrupted;
}
