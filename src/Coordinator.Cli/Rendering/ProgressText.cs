using System.Globalization;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Rendering;

internal static class ProgressText
{
    const int BarCells = 40;

    public static string Of(Progress progress) =>
        string.Create(CultureInfo.InvariantCulture, $"pass {progress.Pass}, {Amounts.Mib(progress.RemainingBytes)} of {Amounts.Mib(progress.TotalBytes)} remaining, ")
        + $"{Amounts.Mib(progress.TransferredBytes)} sent, {Amounts.Count(progress.DirtyPagesPerSec)} pages/s dirtied, {Amounts.Span(TimeSpan.FromMilliseconds(progress.ElapsedMs))}";

    /// <summary>The last pass that was journalled; what it left was sent while the guest stood still.</summary>
    public static string Done(Progress progress) =>
        string.Create(CultureInfo.InvariantCulture, $"{Amounts.Mib(progress.TransferredBytes)} until pass {progress.Pass}, which left {Amounts.Mib(progress.RemainingBytes)} of {Amounts.Mib(progress.TotalBytes)}");

    /// <summary>How much of the guest's memory is equal on both sides; it moves backwards while the guest writes faster than the stream carries.</summary>
    public static string Bar(Progress progress)
    {
        var done = progress.TotalBytes <= 0 ? 0 : Math.Clamp(1 - (double)progress.RemainingBytes / progress.TotalBytes, 0, 1);
        var cells = (int)Math.Round(BarCells * done);
        return new string('█', cells) + new string('░', BarCells - cells);
    }
}
