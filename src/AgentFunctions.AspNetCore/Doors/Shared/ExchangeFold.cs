using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Makes frames of an exchange's events.</summary>
/// <param name="from">The position of the first event.</param>
/// <param name="turns">Reads what models said.</param>
/// <param name="text">Makes frames of what models say.</param>
/// <param name="calls">Reads what came of calls.</param>
internal sealed class ExchangeFold(long from, TurnReader turns, TextProjection text, CallReader calls)
{
    private readonly HashSet<(int Turn, int Call)> _started = [];
    private readonly HashSet<(int Turn, int Call)> _ended = [];
    private readonly HashSet<(int Turn, int Call)> _ofClient = [];

    /// <summary>Gets the position after the last event that was taken.</summary>
    public long End { get; private set; } = from;

    /// <summary>Gets when the last event happened (UTC).</summary>
    public DateTimeOffset LastAt { get; private set; }

    /// <summary>Gets whether the run has ended.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Takes a signal.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunFrame>> TakeAsync(RunSignal signal, CancellationToken cancellationToken)
    {
        if (signal is not JournalSignal { Position: var position, Event: var e })
        {
            return await text.TakeAsync(signal, Math.Max(0, End - 1), cancellationToken);
        }

        (End, LastAt) = (position + 1, e.At);
        IReadOnlyList<RunFrame> frames = await TakeAsync(position, e, cancellationToken);
        return IsEnded ? frames : [.. frames, .. await text.GoOnAsync(position, cancellationToken)];
    }

    /// <summary>Ends what is open.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<RunFrame>> CutAsync(CancellationToken cancellationToken) => text.EndAsync(End, cancellationToken);

    private async Task<IReadOnlyList<RunFrame>> TakeAsync(long position, JournalEvent e, CancellationToken cancellationToken)
    {
        long number = StreamNumbers.OfEvent(position);
        switch (e)
        {
            case { Type: JournalEventTypes.ModelCompleted }:
                return await text.RecordAsync(e, position, cancellationToken);
            case { Type: JournalEventTypes.ToolStarted, Turn: { } turn, Call: { } call }:
                if (!_started.Add((turn, call)))
                {
                    return [];
                }

                if (e.IsClient == true)
                {
                    _ofClient.Add((turn, call));
                }

                AskedCall started = await turns.CallAsync(turn, call, e.Tool ?? "", cancellationToken);
                return [new CallStarted(number, turn, started, e.IsClient == true)];
            case { Type: JournalEventTypes.ToolCompleted, Turn: { } turn, Call: { } call }:
                if (!_ended.Add((turn, call)))
                {
                    return [];
                }

                bool hasStarted = !_started.Add((turn, call));
                bool wasAsked = hasStarted
                    ? _ofClient.Contains((turn, call))
                    : await calls.IsOfClientAsync(turn, call, cancellationToken);
                AskedCall ended = await turns.CallAsync(turn, call, e.Tool ?? "", cancellationToken);
                string result = await calls.ResultAsync(turn, call, e.Text ?? "", cancellationToken);
                return [new CallEnded(number, turn, ended, e, hasStarted, wasAsked, result)];
            case { Type: JournalEventTypes.RunEnded }:
                IsEnded = true;
                return [.. await text.EndAsync(End, cancellationToken), new ExchangeEnded(StreamNumbers.OfEnd(End), e)];
            default:
                return [new RunNoted(number, e)];
        }
    }
}
