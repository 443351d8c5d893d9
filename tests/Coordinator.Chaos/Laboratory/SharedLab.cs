using Coordinator.Chaos.Cells;

namespace Coordinator.Chaos.Laboratory;

/// <summary>One laboratory for all tests that want one coordinator; starting it takes longer than most of them. One in which a cell went wrong is thrown away, so that the next shows only its own faults.</summary>
public sealed class SharedLab : IAsyncLifetime
{
    private ChaosLab? _lab;

    /// <summary>Of the last cell that went wrong.</summary>
    internal string Log { get; private set; } = "";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_lab is { } lab)
        {
            _lab = null;
            await lab.DisposeAsync();
        }
    }

    /// <summary>Everybody there and connected.</summary>
    internal async Task<ChaosLab> FreshAsync()
    {
        _lab ??= await ChaosLab.StartAsync();
        await _lab.RestoreAsync();
        return _lab;
    }

    internal async Task<CellResult> RunAsync(Cell cell)
    {
        _lab ??= await ChaosLab.StartAsync();
        CellResult result = await Matrix.RunAsync(_lab, cell);
        Log = result.IsGood ? "" : _lab.Deployment.Log();
        if (!result.IsGood)
        {
            await DisposeAsync();
        }

        return result;
    }
}
