using System.Diagnostics;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>When each turn's calls began and ended.</summary>
internal sealed class AgentMarks(int turns, Func<long> diskBytes)
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("what the tool found ", 20));

    private readonly long[] _asked = new long[turns + 2];
    private readonly long[] _answered = new long[turns + 2];
    private readonly long[] _called = new long[turns + 2];
    private readonly long[] _returned = new long[turns + 2];
    private readonly long[] _disk = new long[turns + 2];
    private readonly long[] _allocated = new long[turns + 2];
    private long _now;

    public void ModelAsked() => _now = Stopwatch.GetTimestamp();

    public void ModelAnswered(int turn)
    {
        _asked[turn] = _now;
        _answered[turn] = Stopwatch.GetTimestamp();
    }

    public string Work(int turn)
    {
        _called[turn] = Stopwatch.GetTimestamp();
        _disk[turn] = turn % 10 == 0 ? diskBytes() : 0;
        _allocated[turn] = GC.GetTotalAllocatedBytes();
        _returned[turn] = Stopwatch.GetTimestamp();
        return Text;
    }

    public AgentOverhead Between(int first, int last) => new(
        Median(Enumerable.Range(first + 1, last - first - 1)
            .Select(turn => Stopwatch.GetElapsedTime(_returned[turn - 1], _asked[turn]).TotalMilliseconds)),
        Median(Enumerable.Range(first, last - first)
            .Select(turn => Stopwatch.GetElapsedTime(_answered[turn], _called[turn]).TotalMilliseconds)),
        0,
        (_allocated[last] - _allocated[first]) / (double)(last - first));

    /// <summary>
    /// By how much the data file grew per turn. Its size moves in steps of the write-ahead log: only many turns say something.
    /// </summary>
    public double DiskBytesPerTurn(int first, int last)
    {
        (first, last) = (first / 10 * 10, last / 10 * 10);
        return (_disk[last] - _disk[first]) / (double)(last - first);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}

/// <summary>The host's own part.</summary>
/// <param name="ModelStepMs">From the tool's return to the model's next call: results gathered, the request made.</param>
/// <param name="ToolStepMs">
/// From the model's answer to the tool's call: the answer recorded, the call dispatched and entered in the ledger.
/// </param>
/// <param name="DiskBytesPerTurn">By how much the data file grew: transcript, journal, ledger, history.</param>
/// <param name="AllocatedBytesPerTurn">What was allocated and given back.</param>
internal sealed record AgentOverhead(double ModelStepMs, double ToolStepMs, double DiskBytesPerTurn,
    double AllocatedBytesPerTurn);
