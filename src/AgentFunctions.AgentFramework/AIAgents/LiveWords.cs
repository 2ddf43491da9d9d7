using System.Text;
using AgentFunctions.Views.Live;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Tells what a model says while it says it. Nothing can be taken back from a caller: once something that was told is void, the
/// rest of the answer waits until it is recorded, and is then told whole.
/// </summary>
internal sealed class LiveWords(string run, string agent)
{
    private readonly StringBuilder _shown = new();
    private int _turn;
    private bool _isVoid;

    /// <summary>Takes a signal.</summary>
    /// <returns>What is new; <see langword="null"/> for nothing.</returns>
    public AgentResponseUpdate? Take(RunSignal signal) => signal switch
    {
        ModelDelta { Channel: ModelChannel.Text } delta => Grow(delta.Turn, delta.At, delta.Text),
        ModelSnapshot snapshot => Grow(snapshot.Turn, snapshot.At, snapshot.Text),
        ModelReset => Void(),
        _ => null,
    };

    /// <summary>Gets what was not told of an answer, and whether it stands in the place of what was told.</summary>
    public (string Words, bool Replaces) RestOf(int turn, string text)
    {
        if (turn != _turn || _shown.Length == 0)
        {
            return (text, false);
        }

        string shown = _shown.ToString();
        _shown.Clear();
        return text.StartsWith(shown, StringComparison.Ordinal) ? (text[shown.Length..], false) : (text, true);
    }

    private AgentResponseUpdate? Grow(int turn, long at, string text)
    {
        if (turn != _turn)
        {
            (_turn, _isVoid) = (turn, false);
            _shown.Clear();
        }

        // What stands before the part that is there must have been told, and told so.
        if (_isVoid || at > _shown.Length || at + text.Length <= _shown.Length)
        {
            return null;
        }

        int known = (int)(_shown.Length - at);
        if (!text.AsSpan(0, known).SequenceEqual(_shown.ToString().AsSpan((int)at)))
        {
            return Void();
        }

        _shown.Append(text.AsSpan(known));
        return new AgentResponseUpdate(ChatRole.Assistant, text[known..])
        {
            AgentId = agent,
            AuthorName = agent,
            ResponseId = run,
            MessageId = $"{run}/{turn}",
        };
    }

    private AgentResponseUpdate? Void()
    {
        _isVoid = _shown.Length > 0;
        return null;
    }
}
