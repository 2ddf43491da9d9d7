using AgentFunctions.Governance.Redaction;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Live;

/// <summary>
/// What a model says in one call, while it says it. Whoever reads the answer hands over each piece and goes on; only where
/// somebody follows the run is anything done with it, elsewhere and at intervals. It ends with the call, and nothing of it is
/// kept.
/// </summary>
internal sealed class LiveText : ILiveSource
{
    /// <summary>The most of a text that a frame has, in UTF-16 units.</summary>
    private const int LongestText = 64 * 1024;

    /// <summary>The most of the arguments of one call that a frame has, in UTF-16 units.</summary>
    private const int LongestArguments = 8 * 1024;

    /// <summary>The most calls that are shown.</summary>
    private const int MostCalls = 64;

    private readonly Redactor _redactor;
    private readonly LiveFrame _frame;
    private readonly LivePump _pump;
    private ChatResponseUpdate[] _updates = [];
    private int _count;
    private object? _ended;
    private Spoken? _spoken;
    private int _taken;
    private bool _isShown;

    public LiveText(LiveFrame frame, Redactor redactor, Func<ILiveSource, LivePump> pump)
    {
        (_frame, _redactor) = (frame, redactor);
        _pump = pump(this);
    }

    /// <summary>Gets the id of this call of the model if anybody was shown it; otherwise <see langword="null"/>.</summary>
    public string? Shown => _pump.WasWanted ? _frame.Answer!.Delivery : null;

    /// <summary>Adds a piece of the answer. Called by one at a time; who takes frames need not be waited for.</summary>
    /// <param name="update">The piece.</param>
    public void Add(ChatResponseUpdate update)
    {
        if (_count == _updates.Length)
        {
            ChatResponseUpdate[] longer = new ChatResponseUpdate[Math.Max(16, 2 * _count)];
            _updates.CopyTo(longer, 0);
            Volatile.Write(ref _updates, longer);
        }

        _updates[_count] = update;
        // Whoever sees the count sees the piece too.
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Ends it.</summary>
    /// <param name="how">How the call ended.</param>
    public void End(LiveEnd how)
    {
        Volatile.Write(ref _ended, how);
        _pump.End();
    }

    /// <inheritdoc/>
    public LiveFrame? Take()
    {
        // The end first: all pieces came before it.
        var ended = (LiveEnd?)Volatile.Read(ref _ended);
        int count = Volatile.Read(ref _count);
        ReadOnlySpan<ChatResponseUpdate> updates = Volatile.Read(ref _updates).AsSpan(0, count);
        _spoken ??= new Spoken(_redactor);
        bool isNew = _spoken.Take(updates[_taken..], ended == LiveEnd.Completed);
        _taken = count;
        if (_spoken.IsOutdated)
        {
            // A secret became known meanwhile: all is read again, and said anew.
            Spoken before = _spoken;
            _spoken = new Spoken(_redactor) { Revision = before.Revision, RevisedFor = before.RevisedFor };
            _spoken.Take(updates, ended == LiveEnd.Completed);
            if (!_spoken.GoesOn(before))
            {
                _spoken.Revision++;
                _spoken.RevisedFor = before.HasThoughtAloud ? "thoughts" : "redaction";
            }

            isNew = true;
        }

        if (!isNew && _isShown && ended is null)
        {
            return null;
        }

        _isShown = true;
        return _frame with { Answer = _spoken.Write(_frame.Answer!) with { Ended = ended } };
    }

    /// <summary>The channels of an answer.</summary>
    private sealed class Spoken(Redactor redactor)
    {
        private readonly int _secrets = redactor.Count;
        private readonly LiveWords _words = new();
        private readonly LiveChannel _text = new(redactor, LongestText);
        private readonly LiveChannel _reasoning = new(redactor, LongestText);
        private bool _hasPieces;
        private readonly List<(string Tool, LiveChannel Arguments, bool IsWhole)> _calls = [];

        public int Revision { get; set; }

        public string? RevisedFor { get; set; }

        public bool HasThoughtAloud => _words.IsBroken;

        public bool IsOutdated => _secrets != redactor.Count || _words.IsBroken || _text.IsBroken || _reasoning.IsBroken
            || _calls.Any(static call => call.Arguments.IsBroken);

        public bool Take(ReadOnlySpan<ChatResponseUpdate> updates, bool isLast)
        {
            bool isNew = false;
            foreach (ChatResponseUpdate update in updates)
            {
                isNew |= Take(update);
            }

            _words.Take(_text, _reasoning, isLast);
            isNew |= _text.Settle(isLast) | _reasoning.Settle(isLast);
            foreach ((_, LiveChannel arguments, bool isWhole) in _calls)
            {
                isNew |= arguments.Settle(isWhole || isLast);
            }

            return isNew;
        }

        /// <summary>Whether what was shown before is a beginning of what is shown now.</summary>
        public bool GoesOn(Spoken before) =>
            GoesOn(_text.Span, before._text.Span) && GoesOn(_reasoning.Span, before._reasoning.Span)
            && _calls.Count >= before._calls.Count
            && before._calls.Zip(_calls).All(static pair => GoesOn(pair.Second.Arguments.Span, pair.First.Arguments.Span));

        private static bool GoesOn(LiveSpan now, LiveSpan before) =>
            now.End >= before.End && now.From == before.From && now.Text.StartsWith(before.Text, StringComparison.Ordinal);

        public LiveAnswer Write(LiveAnswer answer) => answer with
        {
            Revision = Revision,
            RevisedFor = RevisedFor,
            Text = _text.Span,
            Reasoning = _reasoning.Span,
            Calls = [.. _calls.Select(static (call, number) => new LiveCall(number, call.Tool, call.Arguments.Span))],
        };

        private bool Take(ChatResponseUpdate update)
        {
            bool isNew = false;
            if (update.RawRepresentation is CallPiece piece)
            {
                isNew |= Take(piece);
            }

            foreach (AIContent content in update.Contents)
            {
                switch (content)
                {
                    case TextReasoningContent thought:
                        _reasoning.Add(thought.Text);
                        break;
                    case TextContent text:
                        _words.Add(text.Text);
                        break;
                    case FunctionCallContent call when !_hasPieces && _calls.Count < MostCalls:
                        // A client that does not say how a call grows has it whole.
                        var arguments = new LiveChannel(redactor, LongestArguments);
                        arguments.Add(ModelConventions.ArgumentsText(call));
                        _calls.Add((redactor.Redact(ModelConventions.NameOf(call)), arguments, true));
                        isNew = true;
                        break;
                }
            }

            return isNew;
        }

        private bool Take(CallPiece piece)
        {
            _hasPieces = true;
            bool isNew = false;
            while (_calls.Count <= piece.Call && _calls.Count < MostCalls)
            {
                _calls.Add(("", new LiveChannel(redactor, LongestArguments), false));
                isNew = true;
            }

            if (piece.Call < _calls.Count)
            {
                _calls[piece.Call].Arguments.Add(piece.Arguments);
                if (_calls[piece.Call].Tool.Length != piece.Tool.Length)
                {
                    _calls[piece.Call] = _calls[piece.Call] with { Tool = redactor.Redact(piece.Tool) };
                    isNew = true;
                }
            }

            return isNew;
        }
    }
}
