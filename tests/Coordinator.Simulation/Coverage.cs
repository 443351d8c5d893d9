using System.Globalization;
using System.Text;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;

namespace Coordinator.Simulation;

/// <summary>How often what was hit, over many schedules. A set that never meets a fault in some phase proves nothing about it.</summary>
public sealed class Coverage
{
    private static readonly int s_phases = Enum.GetValues<MigrationPhase>().Length;
    private readonly long[,] _faults = new long[Enum.GetValues<FaultKind>().Length, s_phases + 1];
    private readonly long[] _entered = new long[s_phases];
    private readonly long[] _ended = new long[s_phases];
    private readonly long[] _cancelled = new long[s_phases];
    private readonly long[] _sourceStages = new long[Enum.GetValues<SourceStage>().Length];
    private readonly long[] _destinationStages = new long[Enum.GetValues<DestinationStage>().Length];
    private readonly long[] _answers = new long[Enum.GetValues<RegisterAnswer>().Length];
    private readonly SortedDictionary<string, long> _sights = new(StringComparer.Ordinal);

    public long Schedules { get; set; }

    public long Steps { get; set; }

    /// <summary>A fault that struck something, by what the VM's journal says.</summary>
    public void Hit(VirtualMachine vm, FaultKind kind) => Hit(kind, vm.Journal.State.Migration?.Phase);

    /// <param name="kind">What struck.</param>
    /// <param name="phase">In which the VM's journal was before; null before its first migration.</param>
    public void Hit(FaultKind kind, MigrationPhase? phase) => _faults[(int)kind, (int?)phase ?? s_phases]++;

    public void Hit(FaultKind kind) => Hit(kind, phase: null);

    public void Entered(MigrationPhase phase) => _entered[(int)phase]++;

    public void Ended(MigrationPhase phase) => _ended[(int)phase]++;

    public void Cancelled(MigrationPhase phase) => _cancelled[(int)phase]++;

    public void Saw(SourceStage source, DestinationStage destination)
    {
        _sourceStages[(int)source]++;
        _destinationStages[(int)destination]++;
    }

    public void Saw(RegisterAnswer answer) => _answers[(int)answer]++;

    public void Saw(string what) => _sights[what] = _sights.GetValueOrDefault(what) + 1;

    public long Of(FaultKind kind)
    {
        long sum = 0;
        for (int phase = 0; phase <= s_phases; phase++)
        {
            sum += _faults[(int)kind, phase];
        }

        return sum;
    }

    public long Of(FaultKind kind, MigrationPhase phase) => _faults[(int)kind, (int)phase];

    public long Of(MigrationPhase phase) => _entered[(int)phase];

    public long Of(SourceStage stage) => _sourceStages[(int)stage];

    public long Of(DestinationStage stage) => _destinationStages[(int)stage];

    public long Of(RegisterAnswer answer) => _answers[(int)answer];

    public long CancelsIn(MigrationPhase phase) => _cancelled[(int)phase];

    public void Add(Coverage other)
    {
        Schedules += other.Schedules;
        Steps += other.Steps;
        Add(_entered, other._entered);
        Add(_ended, other._ended);
        Add(_cancelled, other._cancelled);
        Add(_sourceStages, other._sourceStages);
        Add(_destinationStages, other._destinationStages);
        Add(_answers, other._answers);
        for (int kind = 0; kind < _faults.GetLength(0); kind++)
        {
            for (int phase = 0; phase <= s_phases; phase++)
            {
                _faults[kind, phase] += other._faults[kind, phase];
            }
        }

        foreach ((string what, long times) in other._sights)
        {
            _sights[what] = _sights.GetValueOrDefault(what) + times;
        }
    }

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Schedules} schedules, {Steps} steps").AppendLine();
        text.Append("phases entered: ").AppendLine(Named<MigrationPhase>(_entered));
        text.Append("ends: ").AppendLine(Named<MigrationPhase>(_ended));
        text.Append("cancelled in: ").AppendLine(Named<MigrationPhase>(_cancelled));
        text.Append("source stages: ").AppendLine(Named<SourceStage>(_sourceStages));
        text.Append("destination stages: ").AppendLine(Named<DestinationStage>(_destinationStages));
        text.Append("answers of the register: ").AppendLine(Named<RegisterAnswer>(_answers));
        text.AppendLine("faults, by the phase that the journal was in:");
        foreach (FaultKind kind in FaultKinds.All)
        {
            long[] row = Enumerable.Range(0, s_phases).Select(p => _faults[(int)kind, p]).ToArray();
            text.Append(CultureInfo.InvariantCulture, $"  {kind,-28} {Of(kind),9}: ").AppendLine(Named<MigrationPhase>(row));
        }

        foreach ((string what, long times) in _sights)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {what}: {times}").AppendLine();
        }

        return text.ToString();
    }

    private static void Add(long[] sums, long[] more)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += more[i];
        }
    }

    private static string Named<T>(long[] counts)
        where T : struct, Enum =>
        string.Join(", ", Enum.GetValues<T>().Zip(counts).Where(p => p.Second > 0).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.First} {p.Second}")));
}
