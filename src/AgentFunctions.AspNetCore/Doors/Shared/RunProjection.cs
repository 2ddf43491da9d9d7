using System.Runtime.CompilerServices;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Tells what happens in an exchange, in frames that each door words in its own way.</summary>
internal sealed class RunProjection(
    LiveFeed feed, Journal journal, Transcript transcript, Redactor redactor, Deliveries deliveries, ExchangeStore exchanges,
    RunStands stands, ApprovalService approvals, QuestionService questions, ClientCalls calls, CallResults results,
    IOptions<DoorOptions> options, TimeProvider time)
{
    /// <summary>Tells what has happened so far, and then, if it is to wait, what happens, until the exchange ends.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who is told.</param>
    /// <param name="carries">Whether the door can carry a question.</param>
    /// <param name="waits">Whether to wait for the end.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async IAsyncEnumerable<RunFrame> TellAsync(
        Exchange exchange, Caller caller, Func<OpenQuestion, bool> carries, bool waits,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        exchange = await exchanges.FindAsync(exchange.RunId, exchange.From, cancellationToken) ?? exchange;
        var turns = new TurnReader(transcript, redactor, exchange.RunId);
        var fold = new ExchangeFold(
            exchange.From, turns, new TextProjection(exchange.RunId, deliveries, turns, journal),
            new CallReader(exchange.RunId, calls, results));
        bool isLive = waits && exchange.To is null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerable<RunSignal> signals = isLive
            ? feed.FollowAsync(exchange.RunId, exchange.From, false, stop.Token)
            : ReadAsync(exchange, stop.Token);
        await using IAsyncEnumerator<RunSignal> each = signals.GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next = each.MoveNextAsync().AsTask();
        var looks = new LookPauses(options.Value.Settle);
        RunWaiting? waited = null;
        try
        {
            while (exchange.To is not { } end || fold.End < end)
            {
                if (!next.IsCompleted && exchange.To is null)
                {
                    if (await IsQuietAsync(next, looks.Next(), cancellationToken))
                    {
                        exchange = await InterruptAsync(exchange, fold, caller, carries, cancellationToken);
                    }

                    continue;
                }

                if (!await next)
                {
                    break;
                }

                if (each.Current is JournalSignal or RunStateChanged or TreePatched)
                {
                    looks.Begin();
                }

                exchange = await RefreshAsync(exchange, each.Current, cancellationToken);
                if (each.Current is JournalSignal later && later.Position >= exchange.To)
                {
                    break;
                }

                if (each.Current is RunStateChanged { Waits: var all } && (all is [var first, ..] ? first : null) is var wait
                    && wait != waited)
                {
                    waited = wait;
                    yield return new WaitChanged(wait);
                }

                if (each.Current is TreePatched { Nodes: var nodes })
                {
                    yield return new TreeChanged(nodes);
                }

                foreach (RunFrame frame in await fold.TakeAsync(each.Current, cancellationToken))
                {
                    yield return frame;
                }

                if (fold.IsEnded)
                {
                    yield break;
                }

                next = each.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // The enumerator cannot be disposed of while it moves.
            await stop.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (RunFrame frame in await EndAsync(exchange, fold, caller, carries, isLive, cancellationToken))
        {
            yield return frame;
        }
    }

    /// <summary>Tells what happens until the exchange ends, for as long as the settings let a request wait.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who is told.</param>
    /// <param name="carries">Whether the door can carry a question.</param>
    /// <param name="take">Told of each frame, in order.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether the exchange has ended; otherwise it goes on in the background.</returns>
    public async Task<bool> WaitAsync(
        Exchange exchange, Caller caller, Func<OpenQuestion, bool> carries, Func<RunFrame, Task> take,
        CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.Value.WaitFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await foreach (RunFrame frame in TellAsync(exchange, caller, carries, true, either.Token))
            {
                await take(frame);
            }

            return true;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>What is to be told when no event of the exchange is left.</summary>
    private async Task<IReadOnlyList<RunFrame>> EndAsync(
        Exchange exchange, ExchangeFold fold, Caller caller, Func<OpenQuestion, bool> carries, bool isOver,
        CancellationToken cancellationToken)
    {
        if (exchange.To is null && !isOver && time.GetUtcNow() - fold.LastAt >= options.Value.Settle)
        {
            exchange = await InterruptAsync(exchange, fold, caller, carries, cancellationToken);
        }

        if (exchange.To is { } to)
        {
            return
            [
                .. await fold.CutAsync(cancellationToken),
                new ExchangeInterrupted(
                    StreamNumbers.OfEnd(to), to, await AskedAsync(exchange, caller, cancellationToken),
                    await CallsAsync(exchange, cancellationToken)),
            ];
        }

        return isOver
            ? [.. await fold.CutAsync(cancellationToken), new ExchangeEnded(StreamNumbers.OfEnd(fold.End), null)]
            : [];
    }

    private async Task<bool> IsQuietAsync(Task next, TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await next.WaitAsync(pause, time, cancellationToken);
            return false;
        }
        catch (TimeoutException)
        {
            return !next.IsCompleted;
        }
    }

    /// <summary>Ends the exchange if the run waits for its caller.</summary>
    private async Task<Exchange> InterruptAsync(
        Exchange exchange, ExchangeFold fold, Caller caller, Func<OpenQuestion, bool> carries,
        CancellationToken cancellationToken)
    {
        RunStand stand = await stands.GetAsync(exchange.RunId, caller, RunAct.See, cancellationToken);
        string[] asked = [.. stand.Answerable.Where(carries).Select(static open => open.Id).Take(StreamNumbers.MostAsked)];
        asked =
        [
            .. asked, .. stand.Calls.Select(static call => call.Id)
                .Take((StreamNumbers.MostAsked - asked.Length) / StreamNumbers.OfCall),
        ];
        return stand.Run.Status == RunStatus.Waiting && asked.Length > 0
            ? await exchanges.EndAsync(exchange, fold.End, asked, cancellationToken)
            : exchange;
    }

    /// <summary>Reads the exchange again where it may have been ended by another reader.</summary>
    private async Task<Exchange> RefreshAsync(Exchange exchange, RunSignal signal, CancellationToken cancellationToken) =>
        exchange.To is null && signal is JournalSignal
        {
            Event.Type: JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn
                or JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined
                or JournalEventTypes.QuestionExpired or JournalEventTypes.QuestionWithdrawn
                or JournalEventTypes.MessageReceived or JournalEventTypes.ToolStarted
        }
            ? await exchanges.FindAsync(exchange.RunId, exchange.From, cancellationToken) ?? exchange
            : exchange;

    private async Task<IReadOnlyList<OpenQuestion>> AskedAsync(
        Exchange exchange, Caller caller, CancellationToken cancellationToken)
    {
        var asked = new List<OpenQuestion>();
        IReadOnlyList<Question> all = await questions.ListOfTreeAsync(exchange.RunId, null, cancellationToken);
        foreach (string id in (exchange.Asked ?? []).Where(static id => !IsCall(id)))
        {
            if (all.FirstOrDefault(one => one.Id == id) is { } question)
            {
                asked.Add(new OpenQuestion { Question = question, MayAnswer = question.MayBeAnsweredBy(caller) });
                continue;
            }

            try
            {
                Approval approval = await approvals.GetAsync(id, null, cancellationToken);
                asked.Add(new OpenQuestion { Approval = approval, MayAnswer = approval.MayBeDecidedBy(caller) });
            }
            catch (AgentException e) when (e.Code is ErrorCode.ApprovalNotFound)
            {
                // It was settled long ago.
            }
        }

        return asked;
    }

    /// <summary>Gets the calls that were asked for at the end of an exchange, also once they are answered.</summary>
    private async Task<IReadOnlyList<ClientCall>> CallsAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var asked = new List<ClientCall>();
        foreach (string id in (exchange.Asked ?? []).Where(IsCall))
        {
            if (await calls.FindAsync(id, cancellationToken) is { } call)
            {
                asked.Add(call);
            }
        }

        return asked;
    }

    private static bool IsCall(string id) => id.Contains('/', StringComparison.Ordinal);

    private async IAsyncEnumerable<RunSignal> ReadAsync(
        Exchange exchange, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((long position, JournalEvent e) in journal.ReadAsync(
            exchange.RunId, exchange.From, null, cancellationToken))
        {
            if (position >= exchange.To)
            {
                yield break;
            }

            yield return new JournalSignal(position, e);
        }
    }
}
