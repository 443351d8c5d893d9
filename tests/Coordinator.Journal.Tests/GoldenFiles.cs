namespace Coordinator.Journal.Tests;

/// <summary>
/// Bytes as they stand in journals in the field: <c>Golden/SAMPLE.MANIFEST.hex</c>. They must load for ever, so a file is added and never changed. To
/// add the missing ones set COORDINATOR_WRITE_GOLDEN to the folder in the source tree and run the tests once.
/// </summary>
internal static class GoldenFiles
{
    private const int LineChars = 120;

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Golden");

    internal sealed record Golden(string Sample, string Manifest, byte[] Bytes);

    internal static IReadOnlyList<Golden> All { get; } = Read();

    private static List<Golden> Read()
    {
        if (Environment.GetEnvironmentVariable("COORDINATOR_WRITE_GOLDEN") is { Length: > 0 } target)
        {
            WriteMissing(target);
            Directory.CreateDirectory(Folder);
            foreach (string file in Directory.GetFiles(target, "*.hex"))
            {
                File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
            }
        }

        return Directory.GetFiles(Folder, "*.hex").Order(StringComparer.Ordinal).Select(file =>
        {
            string name = Path.GetFileNameWithoutExtension(file);
            int dot = name.LastIndexOf('.');
            string hex = string.Concat(File.ReadAllLines(file).Select(line => line.Trim()));
            return new Golden(name[..dot], name[(dot + 1)..], Convert.FromHexString(hex));
        }).ToList();
    }

    private static void WriteMissing(string target)
    {
        VmRecordSerializer serializer = new(system: null!);
        foreach ((string sample, Domain.Migration.VmEvent happened) in SampleEvents.All)
        {
            VmRecord record = new(happened, SampleEvents.At, SampleEvents.Node);
            string file = Path.Combine(target, $"{sample}.{serializer.Manifest(record)}.hex");
            if (!File.Exists(file))
            {
                string hex = Convert.ToHexStringLower(serializer.ToBinary(record));
                File.WriteAllLines(file, hex.Chunk(LineChars).Select(line => new string(line)));
            }
        }
    }
}
