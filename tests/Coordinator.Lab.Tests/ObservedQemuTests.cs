using Coordinator.Lab.Observers;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Tests;

public sealed class ObservedQemuTests
{
    const string Launch = "7a5bcc5c42c847df83f95fb478309d35";

    /// <summary>An observer that heard of a busy machine's QEMU late took an arrived guest for one that had been started here, and the model could not explain what followed.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trace_SaysByTheCommandLineWhetherAGuestIsToArrive(bool incoming)
    {
        string folder = Directory.CreateTempSubdirectory("observed-").FullName;
        try
        {
            string program = ObservedQemu.Install("/bin/true", folder);
            string[] role = incoming ? ["-incoming", "defer"] : [];

            await ExternalCommand.Run(program, ["-S", "-chardev", $"socket,id=coordinator-{Launch},fd=3,server=on", .. role]);

            LaunchTrace trace = Assert.IsType<LaunchTrace>(ObservedQemu.TraceOf(Path.Combine(folder, Launch + ObservedQemu.SocketExtension)));
            Assert.Equal(incoming, trace.Incoming);
            Assert.True(trace.Pid > 0 && trace.AtMicros > 0, trace.ToString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
