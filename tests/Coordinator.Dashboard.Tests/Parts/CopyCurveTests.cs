using Coordinator.Contracts.Api;
using Coordinator.Dashboard.Parts;

namespace Coordinator.Dashboard.Tests.Parts;

public sealed class CopyCurveTests
{
    private readonly CopyCurve _curve = new();

    [Fact]
    public void Samples_JoinThePassesInOrderOfTime()
    {
        _curve.Show(At(1, sampleMs: 100));
        _curve.Show(At(1, sampleMs: 250, (1, 200)));

        Assert.Equal([100, 200, 250], _curve.Points.Select(p => p.ElapsedMs));
        Assert.Equal([200], _curve.Passes.Select(p => p.ElapsedMs));
    }

    [Fact]
    public void SampleOfThePast_IsNotDrawn()
    {
        _curve.Show(At(1, sampleMs: 300));
        _curve.Show(At(1, sampleMs: 200));

        Assert.Equal([300], _curve.Points.Select(p => p.ElapsedMs));
    }

    [Fact]
    public void NewAttempt_BeginsAnew()
    {
        _curve.Show(At(1, sampleMs: 300));
        _curve.Show(At(2, sampleMs: 10));

        Assert.Equal([10], _curve.Points.Select(p => p.ElapsedMs));
    }

    [Fact]
    public void Samples_AreBoundedAndKeepBothEnds()
    {
        for (int ms = 1; ms <= 10_000; ms++)
        {
            _curve.Show(At(1, ms));
        }

        Assert.InRange(_curve.Points.Count, CopyCurve.MaxSamples / 2, CopyCurve.MaxSamples);
        Assert.Equal(1, _curve.Points[0].ElapsedMs);
        Assert.Equal(10_000, _curve.Points[^1].ElapsedMs);
    }

    private static Migration At(int attempt, int sampleMs, params (int Pass, int Ms)[] passes)
    {
        Migration migration = new() { Id = "m", Attempt = attempt, Progress = new Progress { ElapsedMs = sampleMs } };
        migration.Passes.AddRange(passes.Select(p => new Progress { Pass = p.Pass, ElapsedMs = p.Ms }));
        return migration;
    }
}
