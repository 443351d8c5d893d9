using Coordinator.Domain.QemuModel;

namespace Coordinator.History;

/// <summary>One side's items with the tables that the search looks up: which commands are open at a place, how many events are before it.</summary>
internal sealed class SideTrace
{
    private readonly Dictionary<TraceCommand, int> _numbers = [];
    private readonly Dictionary<int, TraceCommand> _commands = [];
    private readonly int[][] _openAt;
    private readonly int[] _eventsBefore;
    private readonly bool[] _isInGap;
    private readonly TraceItem.Happened[] _events;

    public SideTrace(TraceItem[] trace, Side side)
    {
        Side = side;
        Items = [.. trace.Where(item => item.Side == side).OrderBy(item => item.AtMicros)];
        _events = [.. Items.OfType<TraceItem.Happened>()];
        _openAt = new int[Items.Length + 1][];
        _eventsBefore = new int[Items.Length + 1];
        _isInGap = new bool[Items.Length + 1];
        List<int> open = [];
        for (int i = 0; i <= Items.Length; i++)
        {
            (_openAt[i], _eventsBefore[i], _isInGap[i]) = ([.. open], i == 0 ? 0 : _eventsBefore[i - 1], i > 0 && _isInGap[i - 1]);
            switch (i == 0 ? null : Items[i - 1])
            {
                case TraceItem.Sent sent:
                    // Even numbers at the source, odd ones at the destination: both sides' commands are in one list of the search.
                    int number = (_numbers.Count * 2) + (int)side;
                    _numbers.Add(sent.Command, number);
                    _commands.Add(number, sent.Command);
                    open.Add(number);
                    break;
                case TraceItem.Replied replied:
                    open.Remove(NumberOf(replied.Command));
                    break;
                case TraceItem.Happened:
                    _eventsBefore[i]++;
                    break;
                case TraceItem.GapBegan:
                    _isInGap[i] = true;
                    break;
                case TraceItem.GapEnded:
                    _isInGap[i] = false;
                    break;
                default:
                    break;
            }

            _openAt[i] = [.. open];
        }
    }

    public Side Side { get; }

    public TraceItem[] Items { get; }

    public IReadOnlyList<int> OpenAt(int consumed) => _openAt[consumed];

    public int EventsBefore(int consumed) => _eventsBefore[consumed];

    public bool IsInGap(int consumed) => _isInGap[consumed];

    public TraceItem.Happened? Event(int number) => number < _events.Length ? _events[number] : null;

    public TraceCommand CommandOf(int number) => _commands[number];

    /// <exception cref="FormatException">The trace has a reply to what was never sent.</exception>
    public int NumberOf(TraceCommand command) => _numbers.TryGetValue(command, out int number) ? number : throw new FormatException($"a reply to {command.Text} that was never sent");
}
