using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Cli.Output;

/// <summary>The end of what a model says while it says it, and what the tools at work say, as lines for a terminal.</summary>
internal sealed class LiveScreen
{
    /// <summary>The most of a text that is kept, in UTF-16 units: more than a screen has.</summary>
    private const int Longest = 16 * 1024;

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly SortedDictionary<int, (string Tool, long Length)> _calls = [];
    private readonly SortedDictionary<int, string> _progress = [];
    private int _turn;

    /// <summary>Gets whether what is shown was cut off, and does not count.</summary>
    public bool IsVoid { get; private set; }

    /// <summary>Takes what comes.</summary>
    /// <param name="signal">The signal.</param>
    /// <returns>A line to tell of it, where an answer is void; <see langword="null"/> otherwise.</returns>
    public string? Take(RunSignal signal)
    {
        switch (signal)
        {
            case JournalSignal { Event: { Type: JournalEventTypes.ModelCompleted, Turn: { } recorded } } when recorded < _turn:
                // The next answer is being shown already.
                break;
            case JournalSignal { Event: { Type: JournalEventTypes.ModelCompleted or JournalEventTypes.RunEnded } }:
                Clear();
                break;
            case JournalSignal { Event: { Type: JournalEventTypes.ToolCompleted, Call: { } call } }:
                _progress.Remove(call);
                break;
            case ModelStarted started:
                Clear();
                _progress.Clear();
                _turn = started.Turn;
                break;
            case ModelSnapshot snapshot:
                Clear();
                _turn = snapshot.Turn;
                Add(_text, snapshot.Text);
                Add(_reasoning, snapshot.Reasoning);
                foreach (SnapshotCall call in snapshot.Calls)
                {
                    _calls[call.Call] = (call.Tool, call.Length);
                }

                break;
            case ModelDelta { Channel: ModelChannel.Text } delta:
                Add(_text, delta.Text);
                break;
            case ModelDelta { Channel: ModelChannel.Reasoning } delta:
                Add(_reasoning, delta.Text);
                break;
            case ModelDelta { Call: { } call } delta:
                _calls[call] = (delta.Tool ?? "", delta.At + delta.Text.Length);
                break;
            case ModelReset reset:
                bool wasShown = _text.Length > 0 || _reasoning.Length > 0 || _calls.Count > 0;
                IsVoid = true;
                return wasShown ? LineOf(reset) : null;
            case ToolProgressed said:
                _progress[said.Call] = $"{JournalLine.OneLine(said.Tool)}: {JournalLine.OneLine(said.Text)}";
                break;
        }

        return null;
    }

    /// <summary>Gets the last lines of what is shown.</summary>
    /// <param name="width">How wide a line may be.</param>
    /// <param name="most">How many lines there may be.</param>
    public IReadOnlyList<string> Lines(int width, int most)
    {
        List<string> lines = [];
        if (_text.Length == 0 && _reasoning.Length > 0)
        {
            lines.AddRange(Wrap($"(thinks) {_reasoning}", width));
        }

        lines.AddRange(Wrap(_text.ToString(), width));
        lines.AddRange(_calls.Values.Select(
            static call => FormattableString.Invariant($"writes {JournalLine.OneLine(call.Tool)} ({call.Length:N0} characters so far)")));
        lines.AddRange(_progress.Values);
        return [.. lines.Skip(Math.Max(0, lines.Count - most)).Select(line => Terminal.Fit(line, width))];
    }

    private static string LineOf(ModelReset reset) => reset.Reason switch
    {
        "cutOff" => $"  the answer of attempt {reset.Attempt} was cut off; what was shown of it does not count",
        "superseded" => "  another attempt answers; what was shown does not count",
        "redaction" => "  what was shown is shown again without a secret",
        _ => "  what was shown of the answer is shown anew",
    };

    private static IEnumerable<string> Wrap(string text, int width)
    {
        foreach (string line in Terminal.Lines(text).Split('\n'))
        {
            string rest = line.TrimEnd();
            while (rest.Length > width)
            {
                int space = rest.LastIndexOf(' ', width);
                int end = space > 0 ? space : char.IsHighSurrogate(rest[width - 1]) ? width - 1 : width;
                yield return rest[..end];
                rest = rest[end..].TrimStart();
            }

            if (rest.Length > 0)
            {
                yield return rest;
            }
        }
    }

    private static void Add(StringBuilder text, string more)
    {
        text.Append(more);
        int over = text.Length - Longest;
        if (over > 0)
        {
            text.Remove(0, char.IsLowSurrogate(text[over]) ? over + 1 : over);
        }
    }

    private void Clear()
    {
        _text.Clear();
        _reasoning.Clear();
        _calls.Clear();
        IsVoid = false;
    }
}
