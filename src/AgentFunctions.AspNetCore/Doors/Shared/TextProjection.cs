using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// Makes of what models say, live and recorded, one text for each turn, in pieces whose numbers are the same for every reader.
/// </summary>
/// <param name="runId">The run.</param>
/// <param name="deliveries">Remembers what was streamed.</param>
/// <param name="turns">Reads what is recorded.</param>
/// <param name="journal">The journal, whose events before an answer are told before it.</param>
internal sealed class TextProjection(string runId, Deliveries deliveries, TurnReader turns, Journal journal)
{
    private readonly HashSet<string> _closed = new(StringComparer.Ordinal);
    private readonly StringBuilder _live = new();
    private string? _id;
    private bool _isVoid;
    private DeliveryPlace? _open;
    private int _attempt;
    private int _turn;
    private int _recorded;
    private long _recordedAt = -1;
    private int _piece;
    private int _at;

    /// <summary>Takes what goes on.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="position">The last position of the journal that was read.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunFrame>> TakeAsync(RunSignal signal, long position, CancellationToken cancellationToken)
    {
        var frames = new List<RunFrame>();
        switch (signal)
        {
            case ModelStarted started when started.Turn > _recorded:
                Begin(started.Turn, started.Delivery, frames);
                break;
            case ModelSnapshot shot when shot.Turn > _recorded:
                Begin(shot.Turn, shot.Delivery, frames);
                await TakeAsync(shot, frames, cancellationToken);
                break;
            case ModelDelta { Channel: ModelChannel.Text } delta when delta.Turn > _recorded:
                Begin(delta.Turn, delta.Delivery, frames);
                _isVoid |= delta.At > _live.Length;
                if (delta.At == _live.Length)
                {
                    _live.Append(delta.Text);
                }

                break;
            case ModelReset { Reason: "cutOff" or "superseded" }:
                Lose(frames);
                _id = null;
                break;
        }

        frames.AddRange(await GoOnAsync(position, cancellationToken));
        return frames;
    }

    /// <summary>Tells what has come of an answer, once the events before it are told.</summary>
    /// <param name="position">The last position of the journal that was read.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunFrame>> GoOnAsync(long position, CancellationToken cancellationToken)
    {
        var frames = new List<RunFrame>();
        if (_id is not null && !_isVoid)
        {
            await FlowAsync(position, frames, cancellationToken);
        }

        return frames;
    }

    /// <summary>Takes that an answer is recorded.</summary>
    /// <param name="e">The event.</param>
    /// <param name="position">Its position.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunFrame>> RecordAsync(JournalEvent e, long position, CancellationToken cancellationToken)
    {
        var frames = new List<RunFrame>();
        if (e.Turn is not { } turn || turn <= _recorded || await turns.FindAsync(turn, cancellationToken) is not { } reply)
        {
            return frames;
        }

        string text = reply.Text;
        (DeliveryPlace place, int attempt) = await PlaceAsync(e.Delivery, turn, position, text, frames, cancellationToken);
        if (text.Length > 0)
        {
            if (_open is null)
            {
                Open(place, attempt, turn, frames);
            }

            Flow(text, true, frames);
        }

        frames.Add(new TurnRecorded(
            StreamNumbers.OfClosing(position), turn, text.Length > 0 ? attempt : null, text, reply.Calls, reply.Usage,
            reply.IsCut));
        (_recorded, _recordedAt, _id, _open) = (turn, position, null, null);
        return frames;
    }

    /// <summary>Takes that the exchange ends: what a model was saying comes to nothing.</summary>
    /// <param name="end">The position after its last event.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunFrame>> EndAsync(long end, CancellationToken cancellationToken)
    {
        var frames = new List<RunFrame>();
        int turn = Math.Max(_turn, _recorded + 1);
        IReadOnlyList<Delivery> known = await deliveries.OfAsync(runId, turn, cancellationToken);
        CloseOthers(known.Where(one => one.Position < end), null, turn, frames, known);
        return frames;
    }

    private void Begin(int turn, string id, List<RunFrame> frames)
    {
        if (_id == id)
        {
            return;
        }

        Lose(frames);
        (_turn, _id, _isVoid) = (turn, id, false);
        _live.Clear();
    }

    private async Task TakeAsync(ModelSnapshot shot, List<RunFrame> frames, CancellationToken cancellationToken)
    {
        bool goesOn = shot.At == 0 && (_open is null || StartsWith(shot.Text));
        _live.Clear().Append(shot.Text);
        _isVoid |= !goesOn;
        if (!goesOn && _open is not null && shot.At == 0)
        {
            await deliveries.BreakAsync(runId, _turn, _id!, cancellationToken);
            Lose(frames);
        }
    }

    /// <summary>Whether a text begins with what was sent.</summary>
    private bool StartsWith(string text) => _at <= text.Length && _live.ToString(0, _at) == text[.._at];

    private async Task FlowAsync(long position, List<RunFrame> frames, CancellationToken cancellationToken)
    {
        if (_open is null)
        {
            // What was recorded before the answer began has the lower numbers, so it is told first.
            if (TextCuts.Next(_live.ToString(), 0, 0, false) == 0 || position == _recordedAt
                || position + 1 < await journal.LengthAsync(runId, cancellationToken))
            {
                return;
            }

            IReadOnlyList<Delivery> known = await deliveries.EnterAsync(runId, _turn, _id!, position, cancellationToken);
            Delivery own = known.First(one => one.Id == _id);
            DeliveryPlace place = Deliveries.PlaceOf(known, own);
            if (own.IsBroken || place.Index >= StreamNumbers.MostDeliveries)
            {
                _isVoid = true;
                return;
            }

            CloseOthers(known.TakeWhile(one => one.Id != _id), null, _turn, frames, known);
            Open(place, known.TakeWhile(one => one.Id != _id).Count() + 1, _turn, frames);
        }

        Flow(_live.ToString(), false, frames);
    }

    private void Flow(string text, bool isWhole, List<RunFrame> frames)
    {
        while (TextCuts.Next(text, _at, _piece, isWhole) is > 0 and var length)
        {
            frames.Add(new TextPiece(StreamNumbers.OfPiece(_open!.Value, _piece), _turn, _attempt, text.Substring(_at, length)));
            _at += length;
            _piece++;
        }
    }

    private void Open(DeliveryPlace place, int attempt, int turn, List<RunFrame> frames)
    {
        (_open, _attempt, _turn, _piece, _at) = (place, attempt, turn, 0, 0);
        frames.Add(new TextStarted(StreamNumbers.OfOpening(place), turn, attempt));
    }

    private void Lose(List<RunFrame> frames)
    {
        if (_open is { } place)
        {
            frames.Add(new TextLost(StreamNumbers.OfLoss(place), _turn, _attempt));
            _closed.Add(_id!);
            _open = null;
        }
    }

    /// <summary>Where the recorded answer of a turn stands, once all others are closed.</summary>
    private async Task<(DeliveryPlace Place, int Attempt)> PlaceAsync(
        string? id, int turn, long position, string text, List<RunFrame> frames, CancellationToken cancellationToken)
    {
        IReadOnlyList<Delivery> known = id is null || text.Length == 0
            ? await deliveries.OfAsync(runId, turn, cancellationToken)
            : await deliveries.EnterAsync(runId, turn, id, position, cancellationToken);
        if (_open is not null && _id == id && !StartsWith(text))
        {
            known = await deliveries.BreakAsync(runId, turn, id!, cancellationToken);
        }

        if (known.FirstOrDefault(one => one.Id == id) is { IsBroken: true })
        {
            id += "+";
            known = await deliveries.EnterAsync(runId, turn, id, position, cancellationToken);
        }

        CloseOthers(known, id, turn, frames);
        return known.FirstOrDefault(one => one.Id == id) is { } own
            && Deliveries.PlaceOf(known, own) is { Index: < StreamNumbers.MostDeliveries } place
                ? (place, known.TakeWhile(one => one.Id != id).Count() + 1)
                : (new DeliveryPlace(position, 0), known.Count + 1);
    }

    /// <summary>Shows the answers of a turn that came to nothing.</summary>
    private void CloseOthers(
        IEnumerable<Delivery> others, string? own, int turn, List<RunFrame> frames, IReadOnlyList<Delivery>? all = null)
    {
        IReadOnlyList<Delivery> known = all ?? [.. others];
        if (_open is not null && _id != own)
        {
            Lose(frames);
        }

        foreach ((int index, Delivery one) in others.Index())
        {
            DeliveryPlace place = Deliveries.PlaceOf(known, one);
            if (one.Id != own && place.Index < StreamNumbers.MostDeliveries && _closed.Add(one.Id))
            {
                frames.Add(new TextStarted(StreamNumbers.OfOpening(place), turn, index + 1));
                frames.Add(new TextLost(StreamNumbers.OfLoss(place), turn, index + 1));
            }
        }
    }
}
