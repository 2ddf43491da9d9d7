using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Tools.Client;

namespace AgentFunctions.Gateway;

/// <summary>Writes down what is done to runs: for those who answer for it, and for those who follow the run.</summary>
internal sealed class SteeringRecords(AuditLog audit, Redactor redactor, Journal journal, TimeProvider time)
{
    /// <summary>Gets the present time (UTC).</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Adds an audit entry; a request that a crash cut off may have added it already.</summary>
    public async Task AuditAsync(
        string type, string runId, Caller caller, string words, ClaimedRequest? claim, CancellationToken cancellationToken)
    {
        var entry = new AuditEntry(type)
        {
            RunId = runId,
            Actor = caller.Id,
            Door = caller.Door?.Name,
            DoorRequest = redactor.Redact(Preview.Of(caller.Door?.Request, 200)),
            Act = caller.Actors.Count > 0 ? caller.Actors : null,
            Reason = Preview.Of(redactor.Redact(words), 1_000),
        };
        if (claim is not { IsResumed: true }
            || !await IsAuditedAsync(entry, claim.Since, cancellationToken).ConfigureAwait(false))
        {
            await audit.AppendAsync(entry, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gets the end of the audit log of a run that is no sub-agent.</summary>
    public Task<long> AuditEndAsync(string runId, CancellationToken cancellationToken) =>
        audit.EndAsync(runId, runId, cancellationToken);

    /// <summary>Adds the audit entry of a call that its caller has executed, once.</summary>
    public Task AuditAnswerAsync(
        string runId, int turn, int call, ClientCallRecord answered, Caller caller, CancellationToken cancellationToken) =>
        audit.AppendOnceAsync(
        new AuditEntry(AuditTypes.CallAnswered)
        {
            RunId = runId,
            Turn = turn,
            Call = call,
            Tool = answered.Tool,
            Actor = answered.By,
            Door = caller.Door?.Name,
            DoorRequest = redactor.Redact(Preview.Of(caller.Door?.Request, 200)),
            Act = caller.Actors.Count > 0 ? caller.Actors : null,
            Failed = answered.IsError ? true : null,
            OutcomeHash = TextHash.Of(answered.Text!),
            Outcome = Preview.Of(redactor.Redact(answered.Text), 1_000),
        },
        new AuditOnce(
            answered.AuditFrom,
            entry => entry.Type == AuditTypes.CallAnswered && entry.RunId == runId && entry.Turn == turn && entry.Call == call),
        cancellationToken);

    /// <summary>Masks what arguments must not show.</summary>
    public JsonElement Mask(JsonElement arguments) => redactor.RedactFree(arguments);

    /// <summary>Adds an event to the run's journal; a request that a crash cut off may have added it already.</summary>
    public async Task JournalAsync(
        string runId, string type, string? text, ClaimedRequest? claim, CancellationToken cancellationToken)
    {
        if (claim is { IsResumed: true })
        {
            await foreach ((_, JournalEvent written) in journal.ReadAsync(runId, 0, null, cancellationToken)
                .ConfigureAwait(false))
            {
                if (written.Type == type && written.Text == text && written.At >= claim.Since)
                {
                    return;
                }
            }
        }

        await journal.AppendAsync(runId, new JournalEvent(type, Now) { Text = text }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Adds the event of a message, unless the journal has it: for a message that was cut off after it was sent.
    /// </summary>
    public async Task JournalMessageAsync(string runId, InboxMessage message, bool mayBeThere,
        CancellationToken cancellationToken)
    {
        if (mayBeThere)
        {
            await foreach ((_, JournalEvent written) in journal.ReadAsync(runId, 0, null, cancellationToken)
                .ConfigureAwait(false))
            {
                if (written.Type == JournalEventTypes.MessageReceived && written.At == message.At)
                {
                    return;
                }
            }
        }

        await journal.AppendAsync(
            runId, new JournalEvent(JournalEventTypes.MessageReceived, message.At) { Text = message.Text }, cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task<bool> IsAuditedAsync(AuditEntry entry, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        AuditCursor from = since is { } begun
            ? await audit.FindAsync(begun, entry.RunId, cancellationToken).ConfigureAwait(false)
            : AuditCursor.Start;
        var filter = new AuditFilter { Types = [entry.Type], Actor = entry.Actor };
        await foreach (AuditEntry written in audit.ReadAfterAsync(from, entry.RunId, filter, cancellationToken)
            .ConfigureAwait(false))
        {
            if (written.RunId == entry.RunId && written.Reason == entry.Reason && written.At >= since)
            {
                return true;
            }
        }

        return false;
    }
}
