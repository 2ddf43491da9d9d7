using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Gateway;

/// <summary>Steers runs: sends messages, grants budget, pauses, resumes and cancels.</summary>
/// <remarks>
/// The methods that take a <see cref="Caller"/> judge it by its present rights, and an idempotency key makes each safe to repeat.
/// Those that take a name act for the program itself, and are not judged. What has begun is carried through, though its caller
/// leaves.
/// </remarks>
public sealed class RunSteering
{
    /// <summary>What a message costs beyond its text: role and separators; a generous bound in bytes.</summary>
    internal const int MessageFrame = 256;

    private readonly RunCommands _commands;
    private readonly SteeringRecords _records;
    private readonly Inbox _inbox;
    private readonly RequestKeys _keys;
    private readonly SteeringRights _rights;

    internal RunSteering(RunCommands commands, SteeringRecords records, Inbox inbox, RequestKeys keys, SteeringRights rights) =>
        (_commands, _records, _inbox, _keys, _rights) = (commands, records, inbox, keys, rights);

    /// <summary>
    /// Sends a message to a run. The model of a live run is shown it before its next message, once and in order; a run that has
    /// ended resumes with it.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="text">The words; at most 32,768 characters.</param>
    /// <param name="caller">Who speaks.</param>
    /// <param name="idempotencyKey">
    /// Makes the message safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait. The message may have been sent.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.IdempotencyKeyReused"/>.
    /// <see cref="ErrorCode.NotAllowed"/>: the caller may not, or no longer; the message names the rule.
    /// <see cref="ErrorCode.Stopped"/>: the kill switch holds the run back.
    /// </exception>
    public Task<Run> SendAsync(string id, string text, Caller caller, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        SteeringRules.CheckMessage(text);
        return OnceAsync(id, caller, RunAct.Steer, idempotencyKey, ["message", id, text],
            claim => SendAsync(id, text, caller, claim, cancellationToken), cancellationToken);
    }

    /// <summary>Sends a message with images or other data to a run; otherwise as without.</summary>
    /// <param name="id">The run.</param>
    /// <param name="text">The words; at most 32,768 characters.</param>
    /// <param name="media">The data and addresses; data of at most 512 KiB in all.</param>
    /// <param name="caller">Who speaks.</param>
    /// <param name="idempotencyKey">
    /// Makes the message safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait. The message may have been sent.</param>
    /// <exception cref="AgentException">As for a message without data.</exception>
    public Task<Run> SendAsync(
        string id, string text, IReadOnlyList<AIContent> media, Caller caller, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(media);
        SteeringRules.CheckMessage(text);
        SteeringRules.CheckMedia(media);
        string[] parts = ["message", id, text,
            .. media.Select(static one => one is DataContent data ? data.Uri : ((UriContent)one).Uri.AbsoluteUri)];
        return OnceAsync(
            id, caller, RunAct.Steer, idempotencyKey, parts,
            claim => SendAsync(id, text, caller, claim, cancellationToken, media), cancellationToken);
    }

    /// <summary>Sends a message to a run on behalf of the program.</summary>
    /// <param name="id">The run.</param>
    /// <param name="text">The words; at most 32,768 characters.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the message may have been sent.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/> or <see cref="ErrorCode.InvalidInput"/>.</exception>
    public Task<Run> SendAsync(string id, string text, string requester = "local", CancellationToken cancellationToken = default)
    {
        SteeringRules.CheckMessage(text);
        return _commands.TracedAsync(id, "message",
            () => SendAsync(id, text, new Caller(requester), claim: null, cancellationToken), cancellationToken);
    }

    /// <summary>Adds to the budget of a run. A run that exhausted its budget resumes.</summary>
    /// <param name="id">The run.</param>
    /// <param name="more">What comes on top.</param>
    /// <param name="caller">Who grants it.</param>
    /// <param name="idempotencyKey">
    /// Makes the grant safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait. The grant may have been made.</param>
    /// <exception cref="AgentException">As for a message.</exception>
    public Task<Run> GrantAsync(string id, Budget more, Caller caller, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        SteeringRules.CheckGrant(more);
        string body = JsonSerializer.Serialize(more, BudgetsJsonContext.Default.Budget);
        return OnceAsync(id, caller, RunAct.Steer, idempotencyKey, ["grant", id, body],
            claim => GrantAsync(id, more, caller, claim, cancellationToken), cancellationToken);
    }

    /// <summary>Adds to the budget of a run on behalf of the program.</summary>
    /// <param name="id">The run.</param>
    /// <param name="more">What comes on top.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the grant may have been made.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/> or <see cref="ErrorCode.InvalidInput"/>.</exception>
    public Task<Run> GrantAsync(string id, Budget more, string requester = "local", CancellationToken cancellationToken = default)
    {
        SteeringRules.CheckGrant(more);
        return _commands.TracedAsync(id, "grant",
            () => GrantAsync(id, more, new Caller(requester), claim: null, cancellationToken), cancellationToken);
    }

    /// <summary>Asks a run to end. What is in flight is cancelled, what was reached stays.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="idempotencyKey">
    /// Makes the request safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.NotAllowed"/>. <see cref="ErrorCode.RunStateForbids"/>: it has
    /// ended already.
    /// </exception>
    public Task<Run> CancelAsync(
        string id, Caller caller, string? reason = null, string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        OnceAsync(id, caller, RunAct.Stop, idempotencyKey, ["cancel", id, reason],
            claim => CancelAsync(id, caller, reason, claim, cancellationToken), cancellationToken);

    /// <summary>Asks a run to end, for the program itself.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunStateForbids"/>: it has ended already.
    /// </exception>
    public Task<Run> CancelAsync(
        string id, string requester = "local", string? reason = null, CancellationToken cancellationToken = default) =>
        _commands.TracedAsync(id, "cancel", () => CancelAsync(id, new Caller(requester), reason, claim: null, cancellationToken),
            cancellationToken);

    /// <summary>Pauses a run. Steps in progress finish; no further step starts.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="idempotencyKey">
    /// Makes the request safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">As for <c>CancelAsync</c>.</exception>
    public Task<Run> PauseAsync(string id, Caller caller, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return OnceAsync(id, caller, RunAct.Stop, idempotencyKey, ["pause", id],
            claim => PauseAsync(id, caller, claim, cancellationToken), cancellationToken);
    }

    /// <summary>Pauses a run on behalf of the program.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunStateForbids"/>: it has ended already.
    /// </exception>
    public Task<Run> PauseAsync(string id, string requester = "local", CancellationToken cancellationToken = default) =>
        _commands.TracedAsync(id, "pause", () => PauseAsync(id, new Caller(requester), claim: null, cancellationToken),
            cancellationToken);

    private async Task<Run> PauseAsync(string id, Caller caller, ClaimedRequest? claim, CancellationToken cancellationToken)
    {
        string requester = caller.Id;
        await _commands.LiveAsync(id, "paused", cancellationToken).ConfigureAwait(false);
        claim?.Begin();
        cancellationToken = CancellationToken.None;
        await _records.AuditAsync(AuditTypes.RunCommanded, id, caller, "pause", claim, cancellationToken).ConfigureAwait(false);
        var told = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await _commands.SuspendBelowAsync(id, $"paused by {requester}", told, cancellationToken).ConfigureAwait(false);
        await _commands.SuspendAsync(id, $"paused by {requester}", cancellationToken).ConfigureAwait(false);
        // Those that were started in between, also by one that was: until a look finds nobody new.
        while (await _commands.SuspendBelowAsync(id, $"paused by {requester}", told, cancellationToken).ConfigureAwait(false))
        {
        }

        await _records.JournalAsync(id, JournalEventTypes.RunPaused, $"by {requester}", claim, cancellationToken)
            .ConfigureAwait(false);
        return await _commands.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Resumes a paused run, or a failed one from its last successful step.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="idempotencyKey">
    /// Makes the request safe to repeat; <see langword="null"/> for none. At most 200 characters.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// As for a message. <see cref="ErrorCode.RunStateForbids"/>: it is neither paused nor failed.
    /// </exception>
    public Task<Run> ResumeAsync(string id, Caller caller, string? idempotencyKey = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return OnceAsync(id, caller, RunAct.Steer, idempotencyKey, ["resume", id],
            claim => ResumeAsync(id, caller, claim, cancellationToken), cancellationToken);
    }

    /// <summary>Resumes a paused or failed run on behalf of the program.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunStateForbids"/>: it is neither paused nor failed.
    /// </exception>
    public Task<Run> ResumeAsync(string id, string requester = "local", CancellationToken cancellationToken = default) =>
        _commands.TracedAsync(id, "resume", () => ResumeAsync(id, new Caller(requester), claim: null, cancellationToken),
            cancellationToken);

    private async Task<Run> ResumeAsync(string id, Caller caller, ClaimedRequest? claim, CancellationToken cancellationToken)
    {
        string requester = caller.Id;
        Run run = await _commands.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (run.Status is not (RunStatus.Paused or RunStatus.Failed)
            && (claim is not { IsResumed: true } || run.CompletedAt < claim.Since))
        {
            // One that was cut off may have let it go on, and it may have ended meanwhile.
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"Run '{id}' is {RunCommands.Name(run.Status)}; only a paused or failed run can be resumed.");
        }

        if (run.Status == RunStatus.Failed)
        {
            await _commands.EnsureOpenAsync(id, requester, cancellationToken).ConfigureAwait(false);
        }

        claim?.Begin();
        cancellationToken = CancellationToken.None;
        if (run.Status == RunStatus.Paused)
        {
            await _commands.ResumeBelowAsync(id, $"resumed by {requester}", cancellationToken).ConfigureAwait(false);
            await _commands.ResumeAsync(id, $"resumed by {requester}", cancellationToken).ConfigureAwait(false);
        }
        else if (run.Status == RunStatus.Failed)
        {
            await _commands.RestartAsync(id, new RunCommand(requester), cancellationToken).ConfigureAwait(false);
        }

        await _records.AuditAsync(AuditTypes.RunCommanded, id, caller, "resume", claim, cancellationToken).ConfigureAwait(false);
        await _records.JournalAsync(id, JournalEventTypes.RunResumed, $"by {requester}", claim, cancellationToken)
            .ConfigureAwait(false);
        return await _commands.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    private Task<Run> OnceAsync(
        string id, Caller caller, RunAct act, string? key, string?[] body, Func<ClaimedRequest, Task<Run>> steer,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return _commands.TracedAsync(id, body[0]!, () => _keys.OnceAsync(
            KeyedRequest.Of(caller.Id, key, body), id,
            async claim =>
            {
                await _rights.EnsureAsync(id, caller, act, cancellationToken).ConfigureAwait(false);
                return await steer(claim).ConfigureAwait(false);
            },
            () => _commands.GetAsync(id, cancellationToken), cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Brings a live run what became of a question, once: as a message of the person who answered, or of the host. A run that has
    /// ended hears nothing.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="text">The words.</param>
    /// <param name="by">Who said them; <see langword="null"/> for the host.</param>
    /// <param name="key">What the message is known by.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task DeliverAsync(string id, string text, string? by, string key, CancellationToken cancellationToken)
    {
        if ((await _commands.GetAsync(id, cancellationToken).ConfigureAwait(false)).IsEnded)
        {
            return;
        }

        (InboxMessage Message, long Count)? sent = await _inbox.FindAsync(id, key, cancellationToken).ConfigureAwait(false);
        if (sent is not var (message, count))
        {
            message = new InboxMessage(text, by ?? "host", _records.Now) { Key = key, IsHost = by is null ? true : null };
            count = await _inbox.AddAsync(id, message, cancellationToken).ConfigureAwait(false);
        }

        await _records.JournalMessageAsync(id, message, sent is not null, cancellationToken).ConfigureAwait(false);
        var command = new RunCommand(message.By) { Inbox = count, InboxBytes = MessageFrame + Encoding.UTF8.GetByteCount(text) };
        await _commands.TellAsync(id, command, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Run> SendAsync(
        string id, string text, Caller caller, ClaimedRequest? claim, CancellationToken cancellationToken,
        IReadOnlyList<AIContent>? media = null)
    {
        string requester = caller.Id;
        await _commands.EnsureOpenAsync(id, requester, cancellationToken).ConfigureAwait(false);
        (InboxMessage Message, long Count)? sent = claim is { IsResumed: true, Token: { } token }
            ? await _inbox.FindAsync(id, token, cancellationToken).ConfigureAwait(false)
            : null;
        claim?.Begin();
        cancellationToken = CancellationToken.None;
        if (sent is not var (message, count))
        {
            await _records.AuditAsync(AuditTypes.MessageSent, id, caller, text, claim, cancellationToken).ConfigureAwait(false);
            message = new InboxMessage(text, requester, _records.Now)
            {
                Key = claim?.Token,
                Media = media is { Count: > 0 } ? media : null,
            };
            count = await _inbox.AddAsync(id, message, cancellationToken).ConfigureAwait(false);
        }

        await _records.JournalMessageAsync(id, message, sent is not null, cancellationToken).ConfigureAwait(false);
        long bytes = MessageFrame + Encoding.UTF8.GetByteCount(text) + (Prompt.MediaTokens * (media?.Count ?? 0));
        var command = new RunCommand(requester) { Inbox = count, InboxBytes = bytes };
        return await _commands.CommandAsync(id, command, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Run> GrantAsync(string id, Budget more, Caller caller, ClaimedRequest? claim,
        CancellationToken cancellationToken)
    {
        string requester = caller.Id;
        await _commands.EnsureOpenAsync(id, requester, cancellationToken).ConfigureAwait(false);
        claim?.Begin();
        cancellationToken = CancellationToken.None;
        await _records.AuditAsync(AuditTypes.RunCommanded, id, caller, $"granted more: {more}", claim, cancellationToken)
            .ConfigureAwait(false);
        await _records.JournalAsync(id, JournalEventTypes.BudgetGranted, $"by {requester}", claim, cancellationToken)
            .ConfigureAwait(false);
        // With a key also where the caller gave none: a run may hear of it and end before it is looked for.
        var command = new RunCommand(requester) { Grant = more, Key = claim?.Token ?? $"{RunCommand.Once}{Guid.NewGuid():N}" };
        Run granted = await _commands.CommandAsync(id, command, cancellationToken).ConfigureAwait(false);
        if (granted.Parent is { } lead && more.WallClock is { } time)
        {
            await _commands.TellAsync(
                lead, new RunCommand(requester) { Child = ChildName.NameOf(id), ChildTime = time }, cancellationToken)
                .ConfigureAwait(false);
        }

        return granted;
    }

    private async Task<Run> CancelAsync(string id, Caller caller, string? reason, ClaimedRequest? claim,
        CancellationToken cancellationToken)
    {
        string requester = caller.Id;
        // One look decides both: a run may end, by what was cut off, between two.
        Run run = await _commands.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (claim is { IsResumed: true } && run.IsEnded)
        {
            return run;
        }

        RunCommands.EnsureLive(run, "cancelled");
        claim?.Begin();
        cancellationToken = CancellationToken.None;
        await _records.AuditAsync(AuditTypes.RunCommanded, id, caller, $"cancel{(reason is null ? "" : $": {reason}")}",
            claim, cancellationToken).ConfigureAwait(false);
        await _records.JournalAsync(id, JournalEventTypes.RunCancelRequested, reason, claim, cancellationToken)
            .ConfigureAwait(false);
        await _commands.CancelAsync(id, requester, reason, cancellationToken).ConfigureAwait(false);
        // Held runs hear nothing.
        await _commands.ResumeBelowAsync(id, "to be cancelled", cancellationToken).ConfigureAwait(false);
        if (run.Status == RunStatus.Paused)
        {
            await _commands.ResumeAsync(id, "to be cancelled", cancellationToken).ConfigureAwait(false);
        }

        return await _commands.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }
}
