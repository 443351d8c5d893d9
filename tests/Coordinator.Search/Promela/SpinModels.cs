namespace Coordinator.Search.Promela;

/// <summary>The checkers that the tests share; each is made (spin, gcc: seconds) when it is first asked for.</summary>
public sealed class SpinModels : IDisposable
{
    private readonly Dictionary<string, SpinModel> _made = [];

    /// <summary>Any one fault, each told apart.</summary>
    public static readonly string[] EachFault = ["FAULTS=1", "REMEMBERED=32767"];

    /// <summary>Pairs of faults of the network (bits 3, 4 and 8 to 11), each told apart.</summary>
    public static readonly string[] NetworkPairs = ["FAULTS=2", "REMEMBERED=32767", "KINDS=3864"];

    /// <summary>Pairs of faults of all kinds, without a cancel (with one the search takes four times as long; the outcomes were the same on both sides too).</summary>
    public static readonly string[] AllPairs = ["FAULTS=2", "CANCELS=0"];

    public SpinModel Named(string bounds)
    {
        if (!_made.TryGetValue(bounds, out SpinModel? model))
        {
            model = new SpinModel(bounds switch
            {
                nameof(EachFault) => EachFault,
                nameof(NetworkPairs) => NetworkPairs,
                nameof(AllPairs) => AllPairs,
                _ => throw new ArgumentOutOfRangeException(nameof(bounds), bounds, "no such bounds"),
            });
            _made.Add(bounds, model);
        }

        return model;
    }

    public void Dispose()
    {
        foreach (SpinModel model in _made.Values)
        {
            model.Dispose();
        }
    }
}
