using System.Text;
using System.Text.Json;

namespace Coordinator.History;

/// <summary>JSON lines: one record a line, UTF-8, <c>\n</c>. Appended to while a process lives; one file per process life.</summary>
public static class HistoryLines
{
    public const string FileExtension = ".history.jsonl";

    public static string Write(HistoryRecord record) => JsonSerializer.Serialize(record, HistoryJson.Default.HistoryRecord);

    public static void Write(HistoryRecord record, Stream to)
    {
        JsonSerializer.Serialize(to, record, HistoryJson.Default.HistoryRecord);
        to.WriteByte((byte)'\n');
    }

    /// <exception cref="FormatException">The line is no record.</exception>
    public static HistoryRecord Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HistoryJson.Default.HistoryRecord) ?? throw new FormatException("the line says null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new FormatException($"no record: {e.Message}: {line}", e);
        }
    }

    /// <summary>Records of one file in its own order. A last line without its line end is the torn write of a killed process and is left out.</summary>
    /// <exception cref="FormatException">Another line is no record; the message names file and line.</exception>
    public static IReadOnlyList<HistoryRecord> ReadFile(string path)
    {
        string text = File.ReadAllText(path, Encoding.UTF8);
        List<HistoryRecord> records = [];
        int number = 0;
        for (int begin = 0; begin < text.Length;)
        {
            int end = text.IndexOf('\n', begin);
            if (end < 0)
            {
                break;
            }

            number++;
            try
            {
                records.Add(Read(text[begin..end]));
            }
            catch (FormatException e)
            {
                throw new FormatException($"{path}, line {number}: {e.Message}", e);
            }

            begin = end + 1;
        }

        return records;
    }

    /// <summary>Every history file under a directory, merged by time; records of equal times keep the order of their file, files the order of their names.</summary>
    public static IReadOnlyList<HistoryRecord> ReadDirectory(string directory) =>
    [
        .. Directory.EnumerateFiles(directory, "*" + FileExtension, SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .SelectMany(ReadFile)
            .OrderBy(record => record.AtMicros),
    ];
}
