using AgentFunctions.Live;
using AgentFunctions.Records;

namespace AgentFunctions.Views.Live;

/// <summary>
/// What one follower has been shown of the answers of a run's model. It remembers offsets, never text: a follower that was slow
/// is shown all that came meanwhile at once.
/// </summary>
internal sealed class LiveCursor
{
    private readonly Dictionary<int, (int Turn, DateTimeOffset At)> _progress = [];
    private readonly List<long> _arguments = [];
    private LiveAnswer? _open;
    private long _text;
    private long _reasoning;
    private int _turn;
    private int _recorded;
    private bool _isFresh = true;
    private bool _isShown;

    /// <summary>Gets the turn whose answer is under way; <see langword="null"/> for none.</summary>
    public int? OpenTurn => _open is null ? null : _turn;

    /// <summary>Whether a frame shows an answer, and that of the turn before it is not known to be recorded.</summary>
    /// <param name="frame">The frame.</param>
    public bool IsAhead(LiveFrame frame) => frame.Answer is not null && frame.Turn > _recorded + 1;

    /// <summary>Takes an event of the journal: what is recorded stands in the place of what was shown live.</summary>
    /// <param name="e">The event.</param>
    public void Take(JournalEvent e)
    {
        if (e is { Type: JournalEventTypes.ModelCompleted, Turn: { } turn })
        {
            _recorded = Math.Max(_recorded, turn);
            Close(turn);
        }
        else if (e.Type == JournalEventTypes.RunEnded)
        {
            Close(int.MaxValue);
        }
    }

    /// <summary>Gets what of a frame has not been shown.</summary>
    /// <param name="frame">The frame.</param>
    public IReadOnlyList<RunSignal> Take(LiveFrame frame)
    {
        List<RunSignal> signals = [];
        if (frame.Answer is { } answer && frame.Turn > _recorded)
        {
            Take(frame.Turn, answer, signals);
        }

        foreach (LiveProgress said in frame.Progress)
        {
            if (!_progress.TryGetValue(said.Call, out (int Turn, DateTimeOffset At) last) || last.Turn != frame.Turn
                || said.At > last.At)
            {
                _progress[said.Call] = (frame.Turn, said.At);
                signals.Add(new ToolProgressed(frame.Turn, said.Call, said.Tool, said.Text));
            }
        }

        _isFresh = false;
        return signals;
    }

    private void Take(int turn, LiveAnswer answer, List<RunSignal> signals)
    {
        if (answer.Ended == LiveEnd.CutOff)
        {
            CutOff(turn, answer, signals);
            return;
        }

        if (_open?.Delivery != answer.Delivery || _open.Ended == LiveEnd.CutOff)
        {
            if (_isShown && _turn == turn)
            {
                signals.Add(new ModelReset(turn, _open!.Attempt, answer.Before == LiveEnd.CutOff ? "cutOff" : "superseded"));
            }

            Open(turn, answer);
            signals.Add(new ModelStarted(turn, answer.Attempt, answer.Delivery, answer.Model, answer.StartedAt));
            if (_isFresh && answer.HasBegun)
            {
                Snapshot(answer, signals);
                return;
            }
        }
        else if (answer.Revision != _open.Revision)
        {
            _open = answer;
            Renew(answer, answer.RevisedFor ?? "redaction", signals);
            return;
        }

        _open = answer;
        Go(answer, signals);
    }

    /// <summary>
    /// Whatever is shown of the turn's answer is void, also that of a call before this one, of which nothing was shown.
    /// </summary>
    private void CutOff(int turn, LiveAnswer answer, List<RunSignal> signals)
    {
        if (_isShown && _turn == turn)
        {
            signals.Add(new ModelReset(turn, _open!.Attempt, "cutOff"));
        }

        Open(turn, answer);
    }

    private void Go(LiveAnswer answer, List<RunSignal> signals)
    {
        while (_arguments.Count < answer.Calls.Count)
        {
            _arguments.Add(-1);
        }

        bool isBehind = _text < answer.Text.From || _reasoning < answer.Reasoning.From
            || answer.Calls.Select((call, number) => Math.Max(0, _arguments[number]) < call.Arguments.From)
                .Any(static behind => behind);
        if (isBehind)
        {
            Renew(answer, "shed", signals);
            return;
        }

        var delta = new ModelDelta(_turn, answer.Attempt, answer.Delivery, ModelChannel.Text, 0, "");
        if (answer.Reasoning.End > _reasoning)
        {
            signals.Add(delta with
            {
                Channel = ModelChannel.Reasoning,
                At = _reasoning,
                Text = answer.Reasoning.Text[(int)(_reasoning - answer.Reasoning.From)..]
            });
        }

        if (answer.Text.End > _text)
        {
            signals.Add(delta with { At = _text, Text = answer.Text.Text[(int)(_text - answer.Text.From)..] });
        }

        foreach (LiveCall call in answer.Calls)
        {
            long at = Math.Max(0, _arguments[call.Call]);
            if (call.Arguments.End > _arguments[call.Call])
            {
                signals.Add(delta with
                {
                    Channel = ModelChannel.Arguments,
                    At = at,
                    Text = call.Arguments.Text[(int)(at - call.Arguments.From)..],
                    Call = call.Call,
                    Tool = call.Tool,
                });
            }
        }

        Note(answer);
    }

    private void Renew(LiveAnswer answer, string reason, List<RunSignal> signals)
    {
        signals.Add(new ModelReset(_turn, answer.Attempt, reason));
        Snapshot(answer, signals);
    }

    private void Snapshot(LiveAnswer answer, List<RunSignal> signals)
    {
        signals.Add(new ModelSnapshot(_turn, answer.Attempt, answer.Delivery, answer.Text.From, answer.Text.Text)
        {
            ReasoningAt = answer.Reasoning.From,
            Reasoning = answer.Reasoning.Text,
            Calls = [.. answer.Calls.Select(static call => new SnapshotCall(call.Call, call.Tool, call.Arguments.End,
                call.Arguments.Text))],
        });
        Note(answer);
    }

    private void Note(LiveAnswer answer)
    {
        (_text, _reasoning) = (answer.Text.End, answer.Reasoning.End);
        _arguments.Clear();
        _arguments.AddRange(answer.Calls.Select(static call => call.Arguments.End));
        _isShown |= answer.HasBegun;
    }

    private void Open(int turn, LiveAnswer answer)
    {
        (_turn, _open, _text, _reasoning, _isShown) = (turn, answer, 0, 0, false);
        _arguments.Clear();
    }

    private void Close(int turn)
    {
        if (_turn <= turn)
        {
            (_open, _isShown) = (null, false);
        }
    }
}
