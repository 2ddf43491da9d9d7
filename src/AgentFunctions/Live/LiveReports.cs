using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Live;

/// <summary>What a tool says of how far it is. Of what it says faster than it can be shown, the last counts.</summary>
internal sealed class LiveReports(
    string runId, int turn, int call, string tool, Redactor redactor, TimeProvider time,
    Func<ILiveSource, LivePump> start) : IProgress<string>, ILiveSource, IDisposable
{
    /// <summary>The most of one report that is shown, in UTF-16 units.</summary>
    private const int LongestText = 1_000;

    private readonly Lock _gate = new();
    private LiveProgress? _last;
    private LivePump? _pump;
    private bool _isOver;

    /// <summary>Says how far the tool is. It neither waits nor throws.</summary>
    /// <param name="value">In words.</param>
    public void Report(string value)
    {
        LivePump? begun = null;
        lock (_gate)
        {
            if (_isOver || value is null)
            {
                return;
            }

            // Masked whole: the cut must not leave a part of a secret.
            string text = value.Length > 16 * LongestText ? TextCut.Head(value, 16 * LongestText) : value;
            _last = new LiveProgress(call, tool, TextCut.Shorten(redactor.Redact(text), LongestText), time.GetUtcNow());
            begun = _pump;
        }

        if (begun is null)
        {
            LivePump pump = start(this);
            lock (_gate)
            {
                if (_pump is null && !_isOver)
                {
                    _pump = pump;
                    return;
                }
            }

            pump.End();
        }
    }

    /// <inheritdoc/>
    public LiveFrame? Take()
    {
        lock (_gate)
        {
            LiveProgress? last = _last;
            _last = null;
            return last is null ? null : new LiveFrame { RunId = runId, Turn = turn, Progress = [last] };
        }
    }

    /// <summary>The call is over.</summary>
    public void Dispose()
    {
        LivePump? pump;
        lock (_gate)
        {
            (pump, _pump, _isOver) = (_pump, null, true);
        }

        pump?.End();
    }
}
