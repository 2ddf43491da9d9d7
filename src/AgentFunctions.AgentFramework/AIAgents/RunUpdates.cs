using System.Runtime.CompilerServices;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Reads the events of a run as updates of an agent: one for each recorded step, each with the token to go on from.
/// </summary>
internal sealed class RunUpdates(RunAccess access, string agent, string run, long from)
{
    /// <summary>How long the transcript is looked at again where its entry comes after that of the journal.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private const int MostLooks = 100;

    /// <summary>A text of an event that is not shorter may have been cut, in characters.</summary>
    private const int LongText = 390;

    private readonly Dictionary<int, TranscriptEntry> _answers = [];
    private readonly HashSet<(int, int)> _atWork = [];
    private readonly HashSet<(int, int)> _told = [];
    private readonly HashSet<(int, int)> _ofCaller = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly LiveWords _live = new(run, agent);
    private long _read;

    /// <summary>Gets the run.</summary>
    public string Run => run;

    /// <summary>Gets the first position that was not told.</summary>
    public long At { get; private set; } = from;

    /// <summary>Gets the names of the tools that the caller executes itself.</summary>
    public IReadOnlyList<string> CallerTools { get; init; } = [];

    /// <summary>Gets how the run ended, if it was told.</summary>
    public JournalEvent? End { get; private set; }

    /// <summary>Gets whether a person, or the caller as the one who executes a call, is asked before anything else can happen.</summary>
    public bool IsAsking => _asked.Count + _ofCaller.Count > 0 && _atWork.Count == 0;

    /// <summary>Follows the run until it has ended, or until nothing goes on before a person has answered.</summary>
    /// <param name="isLive">Whether what a model says is told while it says it.</param>
    /// <param name="cancellationToken">The token to stop following; the run goes on.</param>
    public async IAsyncEnumerable<AgentResponseUpdate> FollowAsync(
        bool isLive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (RunSignal signal in access.Feed.FollowAsync(run, At, false, cancellationToken).ConfigureAwait(false))
        {
            if (signal is JournalSignal happened)
            {
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
            else if (isLive && _live.Take(signal) is { } words)
            {
                words.ContinuationToken = RunToken.Of(run, At);
                yield return words;
            }
        }
    }

    /// <summary>Reads what has happened, and waits for nothing.</summary>
    public async IAsyncEnumerable<AgentResponseUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((long position, JournalEvent e) in access.Records.Journal.ReadAsync(run, At, null, cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (AgentResponseUpdate update in await TakeAsync(position, e, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }

            if (End is not null)
            {
                yield break;
            }
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

    private async Task<IReadOnlyList<AgentResponseUpdate>> TakeAsync(
        long position, JournalEvent e, CancellationToken cancellationToken)
    {
        At = position + 1;
        (int, int) call = (e.Turn ?? 0, e.Call ?? 0);
        switch (e.Type)
        {
            case JournalEventTypes.ModelCompleted when e.Turn is { } turn:
                return await AnswerAsync(turn, e, cancellationToken).ConfigureAwait(false);
            case JournalEventTypes.ToolStarted when e.IsClient == true:
                _ofCaller.Add(call);
                return await CallMadeAsync(e, cancellationToken).ConfigureAwait(false) is { } asked ? [asked] : [];
            case JournalEventTypes.ToolStarted:
                _atWork.Add(call);
                return await CallMadeAsync(e, cancellationToken).ConfigureAwait(false) is { } made ? [made] : [];
            case JournalEventTypes.ToolCompleted when _ofCaller.Remove(call) || CallerTools.Contains(e.Tool, StringComparer.Ordinal):
                // The caller knows what it has answered, and a call that is told of twice is one to execute again.
                return [];
            case JournalEventTypes.ToolCompleted:
                _atWork.Remove(call);
                return await ResultAsync(e, cancellationToken).ConfigureAwait(false);
            case JournalEventTypes.ApprovalRequested when e.Approval is { } id:
                return await QuestionAsync(id, e, cancellationToken).ConfigureAwait(false);
            case JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn when e.Approval is { } id:
                _asked.Remove(id);
                return [];
            case JournalEventTypes.RunEnded:
                End = e;
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

        AgentResponseUpdate update = Update(ChatRole.Assistant, replaces ? $"{run}/{turn}/whole" : $"{run}/{turn}", contents, e);
        return [update];
    }

    private async Task<AgentResponseUpdate?> CallMadeAsync(JournalEvent e, CancellationToken cancellationToken)
    {
        if (!_told.Add((e.Turn ?? 0, e.Call ?? 0))
            || await CallAsync(e.Turn ?? 0, e.Call ?? 0, cancellationToken).ConfigureAwait(false) is not { } asked)
        {
            return null;
        }

        var call = new FunctionCallContent(asked.CallId, asked.Name, asked.Arguments) { InformationalOnly = e.IsClient != true };
        return Update(ChatRole.Assistant, $"{run}/{e.Turn}", [call], e);
    }

    private async Task<IReadOnlyList<AgentResponseUpdate>> ResultAsync(JournalEvent e, CancellationToken cancellationToken)
    {
        // Whoever gives a result has given its call, also where the call was not made.
        AgentResponseUpdate? made = await CallMadeAsync(e, cancellationToken).ConfigureAwait(false);
        if (await CallAsync(e.Turn ?? 0, e.Call ?? 0, cancellationToken).ConfigureAwait(false) is not { } asked)
        {
            return made is null ? [] : [made];
        }

        string text = e.Text is { Length: >= LongText } && e is { Turn: { } turn, Call: { } call }
            ? await access.Records.Results.FindAsync(run, turn, call, cancellationToken).ConfigureAwait(false) ?? e.Text
            : e.Text ?? "";
        AgentResponseUpdate result = Update(
            ChatRole.Tool, $"{run}/{e.Turn}/{e.Call}", [new FunctionResultContent(asked.CallId, text)], e);
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
        return [Update(ChatRole.Assistant, $"{run}/{e.Turn}/{id}", [question], e)];
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

    private AgentResponseUpdate Update(ChatRole role, string messageId, IList<AIContent> contents, JournalEvent e) =>
        new(role, contents)
        {
            AgentId = agent,
            AuthorName = agent,
            ResponseId = run,
            MessageId = messageId,
            CreatedAt = e.At,
            ContinuationToken = RunToken.Of(run, At),
        };

    private static Dictionary<string, object?> ArgumentsOf(System.Text.Json.JsonElement arguments) =>
        arguments.EnumerateObject()
            .ToDictionary(static member => member.Name, static object? (member) => member.Value, StringComparer.Ordinal);
}
