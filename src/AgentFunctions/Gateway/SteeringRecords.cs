using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;

namespace AgentFunctions.Gateway;

/// <summary>Writes down what is done to runs: for those who answer for it, and for those who follow the run.</summary>
internal sealed class SteeringRecords(AuditLog audit, Redactor redactor, Journal journal, TimeProvider time)
{
    /// <summary>Gets the present time (UTC).</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Adds an audit entry.</summary>
    public Task AuditAsync(string type, string runId, Caller caller, string words, CancellationToken cancellationToken) => audit.AppendAsync(
        new AuditEntry(type)
        {
            RunId = runId,
            Actor = caller.Id,
            Door = caller.Door?.Name,
            DoorRequest = redactor.Redact(Preview.Of(caller.Door?.Request, 200)),
            Reason = Preview.Of(redactor.Redact(words), 1_000),
        },
        cancellationToken);

    /// <summary>Adds an event to the run's journal.</summary>
    public Task JournalAsync(string runId, string type, string? text, CancellationToken cancellationToken) =>
        journal.AppendAsync(runId, new JournalEvent(type, Now) { Text = text }, cancellationToken);

    /// <summary>Adds the event of a message, unless the journal has it: for a message that was cut off after it was sent.</summary>
    public async Task JournalMessageAsync(string runId, InboxMessage message, bool mayBeThere, CancellationToken cancellationToken)
    {
        if (mayBeThere)
        {
            await foreach ((_, JournalEvent written) in journal.ReadAsync(runId, 0, null, cancellationToken).ConfigureAwait(false))
            {
                if (written.Type == JournalEventTypes.MessageReceived && written.At == message.At)
                {
                    return;
                }
            }
        }

        await journal.AppendAsync(
            runId, new JournalEvent(JournalEventTypes.MessageReceived, message.At) { Text = message.Text }, cancellationToken).ConfigureAwait(false);
    }
}
