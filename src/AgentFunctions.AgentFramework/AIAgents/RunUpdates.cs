using System.Runtime.CompilerServices;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views.Live;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Reads the events of a run as updates of an agent: one for each recorded step, each with the token to go on from.
/// </summary>
internal sealed class RunUpdates(RunAccess access, string agent, string run, RunPlace from)
{
    /// <summary>How long the transcript is looked at again where its entry comes after that of the journal.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private const int MostLooks = 100;

    /// <summary>A text of an event that is not shorter may have been cut, in characters.</summary>
    private const int LongText = 390;

    private readonly Dictionary<int, TranscriptEntry> _answers = [];
    private readonly ToldCalls _calls = new(from.Told?.Calls);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly LiveWords _live = new(from);
    private readonly HashSet<(int, int)> _owed = [.. (from.Told?.Calls ?? []).Select(static call => (call.Turn, call.Call))];
    private long _at = from.At;
    private long _read;
    private readonly RunEnds _ends = new();

    /// <summary>Gets the run.</summary>
    public string Run => run;

    /// <summary>Gets up to where the caller was told.</summary>
    public RunPlace Place =>
        new(_at, new ToldPart { Words = _live.Told, Calls = _calls.Open } is var told and not { Words: null, Calls: null }
            ? told
            : null);

    /// <summary>
    /// Gets whether another stream was here before, whose caller may have gone away with a question: then those that are open are
    /// given again.
    /// </summary>
    public bool IsResumed { get; init; }

    /// <summary>Gets the names of the tools that the caller executes itself.</summary>
    public IReadOnlyList<string> CallerTools { get; init; } = [];

    /// <summary>Gets whether the run was submitted for this stream: then its first end is the one that counts.</summary>
    public bool IsNew { get; init; }

    /// <summary>Gets how the run ended, if it was told.</summary>
    public JournalEvent? End => _ends.End;

    /// <summary>
    /// Gets whether a person, or the caller as the one who executes a call, is asked before anything else can happen.
    /// </summary>
    public bool IsAsking => (_asked.Count > 0 || _calls.IsCallerAsked) && !_calls.IsAtWork;

    /// <summary>Follows the run until it has ended, or until nothing goes on before a person has answered.</summary>
    /// <param name="isLive">Whether what a model says is told while it says it.</param>
    /// <param name="cancellationToken">The token to stop following; the run goes on.</param>
    public async IAsyncEnumerable<AgentResponseUpdate> FollowAsync(
        bool isLive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsResumed)
        {
            await foreach (AgentResponseUpdate update in ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }

            if (End is not null || IsAsking)
            {
                yield break;
            }
        }

        await foreach (RunSignal signal in access.Feed.FollowAsync(run, _at, false, cancellationToken).ConfigureAwait(false))
        {
            if (signal is JournalSignal happened)
            {
                if (_ends.IsBehind(happened.Event))
                {
                    yield break;
                }

                foreach (AgentResponseUpdate update in await TakeAsync(happened.Position, happened.Event, cancellationToken)
                    .ConfigureAwait(false))
                {
                    yield return update;
                }

                if (End is not null || IsAsking)
                {
                    yield break;
                }
            }
            else if (isLive && _live.Take(signal, _owed.Count > 0) is { } live)
            {
                yield return Update(
                    ChatRole.Assistant, $"{run}/{live.Turn}", [new TextContent(live.Words)], access.Records.Time.GetUtcNow());
            }
        }

        _ends.Settle();
    }

    /// <summary>Reads what has happened, and waits for nothing.</summary>
    public async IAsyncEnumerable<AgentResponseUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Asked before the journal is read: the last event of a run is written before the run ends.
        bool isOver = IsNew || (await access.Reader.GetAsync(run, cancellationToken).ConfigureAwait(false)).IsEnded;
        await foreach ((long position, JournalEvent e) in access.Records.Journal.ReadAsync(run, _at, null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (_ends.IsBehind(e))
            {
                yield break;
            }

            foreach (AgentResponseUpdate update in await TakeAsync(position, e, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }

            if (End is not null)
            {
                yield break;
            }
        }

        if (_ends.HasOne)
        {
            _at = _ends.Leave(isOver) ?? _at;
            yield break;
        }

        foreach (AgentResponseUpdate update in IsResumed ? await OpenAsync(cancellationToken).ConfigureAwait(false) : [])
        {
            yield return update;
        }
    }

    /// <summary>Makes the question about a call that an approval is about.</summary>
    public static ToolApprovalRequestContent AskAbout(Approval approval, string callId) =>
        new(approval.Id, new FunctionCallContent(callId, approval.Tool, ArgumentsOf(approval.Arguments)));

    /// <summary>Makes the question about a call, as the model asked for it.</summary>
    public async Task<ToolApprovalRequestContent> AskAboutAsync(Approval approval, CancellationToken cancellationToken) =>
        AskAbout(
            approval,
            (await CallAsync(approval.Turn, approval.Call, cancellationToken).ConfigureAwait(false))?.CallId ?? approval.Id);

    /// <summary>Gets the id by which the model asked for a call.</summary>
    public async Task<string?> CallIdAsync(int turn, int call, CancellationToken cancellationToken) =>
        (await CallAsync(turn, call, cancellationToken).ConfigureAwait(false))?.CallId;

    /// <summary>Gets the questions that wait for an answer, and were not given by this stream.</summary>
    private async Task<IReadOnlyList<AgentResponseUpdate>> OpenAsync(CancellationToken cancellationToken)
    {
        var open = new List<AgentResponseUpdate>();
        foreach (Approval approval in await access.Approvals.ListOfTreeAsync(run, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (approval.RunId == run && _asked.Add(approval.Id))
            {
                ToolApprovalRequestContent question = await AskAboutAsync(approval, cancellationToken).ConfigureAwait(false);
                open.Add(Update(ChatRole.Assistant, $"{run}/{approval.Turn}/{approval.Id}", [question], approval.CreatedAt));
            }
        }

        foreach (ClientCall call in await OpenCallsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_calls.Ask((call.Turn, call.Call))
                && await CallAsync(call.Turn, call.Call, cancellationToken).ConfigureAwait(false) is { } asked)
            {
                _calls.Tell((call.Turn, call.Call));
                open.Add(Update(
                    ChatRole.Assistant, $"{run}/{call.Turn}",
                    [new FunctionCallContent(asked.CallId, asked.Name, asked.Arguments)], call.AskedAt));
            }
        }

        return open;
    }

    /// <summary>The calls that wait for the caller. They are told of just before the run begins to wait for them.</summary>
    private async Task<IReadOnlyList<ClientCall>> OpenCallsAsync(CancellationToken cancellationToken)
    {
        for (int look = 0; ; look++)
        {
            Runs.Run now = await access.Reader.GetAsync(run, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<ClientCall> open = await access.Calls.ListOpenAsync(now, cancellationToken).ConfigureAwait(false);
            if (now.IsEnded || look == MostLooks || !_calls.IsMissing(open.Select(static call => (call.Turn, call.Call))))
            {
                return open;
            }

            await Task.Delay(Pause, access.Records.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<AgentResponseUpdate>> TakeAsync(
        long position, JournalEvent e, CancellationToken cancellationToken)
    {
        _at = position;
        IReadOnlyList<AgentResponseUpdate> updates = await UpdatesOfAsync(e, cancellationToken).ConfigureAwait(false);
        _at = position + 1;
        if (e is { Type: JournalEventTypes.ToolCompleted, Turn: { } turn, Call: { } call })
        {
            _owed.Remove((turn, call));
        }

        if (updates.Count > 0)
        {
            updates[^1].ContinuationToken = RunToken.Of(run, Place);
        }

        return updates;
    }

    private async Task<IReadOnlyList<AgentResponseUpdate>> UpdatesOfAsync(JournalEvent e, CancellationToken cancellationToken)
    {
        (int, int) call = (e.Turn ?? 0, e.Call ?? 0);
        switch (e.Type)
        {
            case JournalEventTypes.ModelCompleted when e.Turn is { } turn:
                return await AnswerAsync(turn, e, cancellationToken).ConfigureAwait(false);
            case JournalEventTypes.ToolStarted:
                if (e.IsClient == true)
                {
                    _calls.Ask(call);
                }
                else
                {
                    _calls.Begin(call);
                }

                return await CallMadeAsync(e, cancellationToken).ConfigureAwait(false) is { } made ? [made] : [];
            case JournalEventTypes.ToolCompleted when CallerTools.Contains(e.Tool, StringComparer.Ordinal):
                // The caller knows what it has answered, and a call that is told of twice is one to execute again.
                _calls.End(call);
                return [];
            case JournalEventTypes.ToolCompleted:
                return await ResultAsync(e, cancellationToken).ConfigureAwait(false);
            case JournalEventTypes.ApprovalRequested when e.Approval is { } id:
                return await QuestionAsync(id, e, cancellationToken).ConfigureAwait(false);
            case JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn when e.Approval is { } id:
                _asked.Remove(id);
                return [];
            case JournalEventTypes.RunEnded:
                _asked.Clear();
                _calls.EndAsked();
                _ends.Take(_at, e);
                if (IsNew)
                {
                    _ends.Settle();
                }

                return [];
            default:
                return [];
        }
    }

    private async Task<IReadOnlyList<AgentResponseUpdate>> AnswerAsync(
        int turn, JournalEvent e, CancellationToken cancellationToken)
    {
        TranscriptEntry? entry = await AnswerOfAsync(turn, cancellationToken).ConfigureAwait(false);
        string text = entry?.Message.Text ?? e.Text ?? "";
        _owed.Clear();
        _owed.UnionWith((entry?.Calls ?? []).Select((_, call) => (turn, call)));
        var contents = new List<AIContent>();
        (string rest, bool replaces) = _live.RestOf(turn, text);
        if (rest.Length > 0)
        {
            contents.Add(new TextContent(rest));
        }

        if (e.Usage is { } usage)
        {
            contents.Add(new UsageContent(new UsageDetails
            {
                InputTokenCount = usage.InputTokens,
                OutputTokenCount = usage.OutputTokens,
                CachedInputTokenCount = usage.CachedTokens,
                TotalTokenCount = usage.InputTokens + usage.OutputTokens,
            }));
        }

        AgentResponseUpdate update = Update(ChatRole.Assistant, replaces ? $"{run}/{turn}/whole" : $"{run}/{turn}", contents,
            e.At);
        return [update];
    }

    private async Task<AgentResponseUpdate?> CallMadeAsync(JournalEvent e, CancellationToken cancellationToken)
    {
        if (!_calls.Tell((e.Turn ?? 0, e.Call ?? 0))
            || await CallAsync(e.Turn ?? 0, e.Call ?? 0, cancellationToken).ConfigureAwait(false) is not { } asked)
        {
            return null;
        }

        var call = new FunctionCallContent(asked.CallId, asked.Name, asked.Arguments) { InformationalOnly = e.IsClient != true };
        return Update(ChatRole.Assistant, $"{run}/{e.Turn}", [call], e.At);
    }

    private async Task<IReadOnlyList<AgentResponseUpdate>> ResultAsync(JournalEvent e, CancellationToken cancellationToken)
    {
        // Whoever gives a result has given its call, also where the call was not made.
        AgentResponseUpdate? made = await CallMadeAsync(e, cancellationToken).ConfigureAwait(false);
        if (_calls.End((e.Turn ?? 0, e.Call ?? 0)))
        {
            // The caller knows what it has answered.
            return [];
        }

        if (await CallAsync(e.Turn ?? 0, e.Call ?? 0, cancellationToken).ConfigureAwait(false) is not { } asked)
        {
            return made is null ? [] : [made];
        }

        string text = e.Text is { Length: >= LongText } && e is { Turn: { } turn, Call: { } call }
            ? await access.Records.Results.FindAsync(run, turn, call, cancellationToken).ConfigureAwait(false) ?? e.Text
            : e.Text ?? "";
        AgentResponseUpdate result = Update(
            ChatRole.Tool, $"{run}/{e.Turn}/{e.Call}", [new FunctionResultContent(asked.CallId, text)], e.At);
        return made is null ? [result] : [made, result];
    }

    private async Task<IReadOnlyList<AgentResponseUpdate>> QuestionAsync(
        string id, JournalEvent e, CancellationToken cancellationToken)
    {
        Approval approval = await access.Approvals.GetAsync(id, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (approval.State != ApprovalState.Pending)
        {
            return [];
        }

        _asked.Add(id);
        ToolApprovalRequestContent question = await AskAboutAsync(approval, cancellationToken).ConfigureAwait(false);
        return [Update(ChatRole.Assistant, $"{run}/{e.Turn}/{id}", [question], e.At)];
    }

    private async Task<FunctionCallContent?> CallAsync(int turn, int call, CancellationToken cancellationToken) =>
        (await AnswerOfAsync(turn, cancellationToken).ConfigureAwait(false))?.Calls.ElementAtOrDefault(call);

    private async Task<TranscriptEntry?> AnswerOfAsync(int turn, CancellationToken cancellationToken)
    {
        for (int look = 0; look < MostLooks; look++)
        {
            if (_answers.TryGetValue(turn, out TranscriptEntry? known))
            {
                return known;
            }

            await foreach (TranscriptEntry entry in access.Records.Transcript.ReadAsync(run, _read, null, cancellationToken)
                .ConfigureAwait(false))
            {
                _read = entry.Position + 1;
                if (entry.Source == TranscriptOrigin.Model)
                {
                    _answers[entry.Turn] = entry;
                }
            }

            if (!_answers.ContainsKey(turn))
            {
                await Task.Delay(Pause, access.Records.Time, cancellationToken).ConfigureAwait(false);
            }
        }

        return _answers.GetValueOrDefault(turn);
    }

    private AgentResponseUpdate Update(ChatRole role, string messageId, IList<AIContent> contents, DateTimeOffset at) =>
        new(role, contents)
        {
            AgentId = agent,
            AuthorName = agent,
            ResponseId = run,
            MessageId = messageId,
            CreatedAt = at,
            ContinuationToken = RunToken.Of(run, Place),
        };

    private static Dictionary<string, object?> ArgumentsOf(System.Text.Json.JsonElement arguments) =>
        arguments.EnumerateObject()
            .ToDictionary(static member => member.Name, static object? (member) => member.Value, StringComparer.Ordinal);
}
