using System.Text;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>More of what a sub-agent says. No event of its lead tells of it, so it has no number.</summary>
/// <param name="Id">The sub-agent.</param>
/// <param name="Turn">Its turn.</param>
/// <param name="Text">What is new.</param>
/// <param name="IsWhole">Whether the text is recorded, and ends there.</param>
internal sealed record AgentSpoke(string Id, int Turn, string Text, bool IsWhole) : RunFrame(-1);

/// <summary>What a sub-agent began to say came to nothing.</summary>
/// <param name="Id">The sub-agent.</param>
/// <param name="Turn">Its turn.</param>
internal sealed record AgentTookBack(string Id, int Turn) : RunFrame(-1);

/// <summary>Makes of what the model of a sub-agent says, live and recorded, one text for each turn.</summary>
/// <param name="id">The sub-agent.</param>
/// <param name="last">The last turn that was told.</param>
/// <param name="turns">Reads what is recorded.</param>
internal sealed class AgUiVoice(string id, int last, TurnReader turns)
{
    private readonly StringBuilder _told = new();
    private int _turn;
    private bool _hasGap;

    /// <summary>Takes what goes on.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunFrame>> TakeAsync(RunSignal signal, CancellationToken cancellationToken)
    {
        var told = new List<RunFrame>();
        switch (signal)
        {
            case ModelSnapshot shot when shot.Turn > last:
                Begin(shot.Turn, told);
                Go(shot.At, shot.Text, told);
                break;
            case ModelDelta { Channel: ModelChannel.Text } delta when delta.Turn > last:
                Begin(delta.Turn, told);
                Go(delta.At, delta.Text, told);
                break;
            // A follower that was too slow is sent a snapshot, which goes on.
            case ModelReset { Reason: not "shed" }:
                TakeBack(told);
                _hasGap = false;
                break;
            case JournalSignal { Event: { Type: JournalEventTypes.ModelCompleted, Turn: { } turn } } when turn > last:
                string text = (await turns.FindAsync(turn, cancellationToken))?.Text ?? "";
                Begin(turn, told);
                if (!text.StartsWith(_told.ToString(), StringComparison.Ordinal))
                {
                    TakeBack(told);
                }

                if (text.Length > 0)
                {
                    told.Add(new AgentSpoke(id, turn, text[_told.Length..], true));
                }

                (last, _hasGap) = (turn, false);
                _told.Clear();
                break;
        }

        return told;
    }

    private void Begin(int turn, List<RunFrame> told)
    {
        if (_turn != turn)
        {
            TakeBack(told);
            (_turn, _hasGap) = (turn, false);
        }
    }

    /// <summary>Goes on with a text, of which some may have been told, and of which some may be missing.</summary>
    private void Go(long at, string text, List<RunFrame> told)
    {
        _hasGap |= at > _told.Length;
        if (_hasGap || at + text.Length <= _told.Length)
        {
            return;
        }

        string more = text[(int)(_told.Length - at)..];
        _told.Append(more);
        told.Add(new AgentSpoke(id, _turn, more, false));
    }

    private void TakeBack(List<RunFrame> told)
    {
        if (_told.Length > 0)
        {
            told.Add(new AgentTookBack(id, _turn));
            _told.Clear();
        }
    }
}
