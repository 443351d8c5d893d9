using System.Runtime.InteropServices;
using Coordinator.Demo;
using Coordinator.Lab;

// Ctrl-C, or the end of the terminal, unwinds the story, and unwinding leaves nothing behind.
using CancellationTokenSource interrupted = new();
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}

using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var sighup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
var narrator = new Narrator(Console.Out);
try
{
    return await DemoStory.Tell(narrator, interrupted.Token) ? 0 : 1;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    narrator.Say("interrupted; nothing is left running");
    return 130;
}
catch (Exception failure) when (failure is LabFailure or TimeoutException or IOException)
{
    narrator.Say($"the demo failed: {failure.Message}");
    return 1;
}
