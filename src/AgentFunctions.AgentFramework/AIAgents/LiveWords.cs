using AgentFunctions.Views.Live;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Finds what to tell of what a model says while it says it. Nothing can be taken back from a caller: once something that was
/// told is void, the rest of the answer waits until it is recorded, and is then told whole. An answer that is begun again with
/// the words that were told goes on after them.
/// </summary>
internal sealed class LiveWords
{
    private readonly SortedDictionary<int, TurnWords> _turns = [];

    /// <summary>The last turn whose answer was told as recorded; <see langword="null"/> if another stream has told it.</summary>
    private int? _recorded;

    /// <summary>Begins where another stream has ended.</summary>
    public LiveWords(RunPlace before)
    {
        _recorded = before.At == 0 ? 0 : null;
        if (before.Told?.Words is { } words)
        {
            _recorded = words.Turn - 1;
            _turns[words.Turn] = TurnWords.Of(words);
        }
    }

    /// <summary>Gets what was told of an answer that is not recorded; <see langword="null"/> for nothing.</summary>
    public ToldWords? Told => _turns.Values.Select(static words => words.Told).FirstOrDefault(static told => told is not null);

    /// <summary>Takes a signal.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="isBehind">Whether steps before the answer are still to be told: then its words wait.</param>
    /// <returns>What is new, and its turn; <see langword="null"/> for nothing.</returns>
    public (int Turn, string Words)? Take(RunSignal signal, bool isBehind)
    {
        int? grown = signal switch
        {
            ModelDelta { Channel: ModelChannel.Text } delta => Grow(delta.Turn, delta.At, delta.Text),
            ModelSnapshot snapshot => Grow(snapshot.Turn, snapshot.At, snapshot.Text),
            _ => null,
        };
        if (signal is ModelReset reset)
        {
            foreach ((int turn, TurnWords words) in _turns)
            {
                if (turn == (reset.Turn ?? turn))
                {
                    words.Reset();
                }
            }
        }

        // The journal may come later than the words of the turn after.
        return grown is { } now && !isBehind && now == (_recorded + 1 ?? now) && _turns.First().Key == now
            && _turns[now].Tell() is { } fresh
            ? (now, fresh)
            : null;
    }

    /// <summary>
    /// Gets what was not told of an answer that is recorded, and whether it stands in the place of what was told.
    /// </summary>
    public (string Words, bool Replaces) RestOf(int turn, string text)
    {
        (string, bool) rest = _turns.GetValueOrDefault(turn)?.RestOf(text) ?? (text, false);
        foreach (int past in _turns.Keys.Where(past => past <= turn).ToList())
        {
            _turns.Remove(past);
        }

        _recorded = turn;
        return rest;
    }

    private int? Grow(int turn, long at, string text)
    {
        if (turn <= _recorded)
        {
            return null;
        }

        if (!_turns.TryGetValue(turn, out TurnWords? words))
        {
            _turns[turn] = words = new TurnWords(turn);
        }

        words.Grow(at, text);
        return turn;
    }
}
