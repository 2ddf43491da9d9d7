using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>Tells of messages about runs that could not be delivered.</summary>
internal sealed class CallbackTrouble(Journal journal, AuditLog audit, Redactor redactor, TimeProvider time)
{
    /// <summary>Tells that a message was given up.</summary>
    /// <param name="run">The run.</param>
    /// <param name="input">The message, with the reason.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task TellAsync(RunRecord run, CallbackInput input, CancellationToken cancellationToken)
    {
        var failed = new JournalEvent(JournalEventTypes.CallbackFailed, time.GetUtcNow())
        {
            Turn = input.Receiver is null ? input.Turns : null,
            Attempt = input.Receiver is null ? input.Resumptions : null,
            Text = Preview.Of(redactor.Redact(input.Message), 600),
            IsError = true,
        };
        // Several receivers may fail, so theirs are not told apart from those of a pass before a crash.
        return input.Receiver is null
            ? journal.AppendIfMissingAsync(run.Id, failed, cancellationToken)
            : journal.AppendAsync(run.Id, failed, cancellationToken);
    }

    /// <summary>Tells that an address is none that this host may post to.</summary>
    /// <param name="run">The run.</param>
    /// <param name="input">The message.</param>
    /// <param name="why">Why not.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task RefuseAsync(RunRecord run, CallbackInput input, string why, CancellationToken cancellationToken)
    {
        string reason = redactor.Redact($"{(input.Receiver is null ? "callbackUrl" : "url of a receiver")}: {why}")!;
        await audit.AppendAsync(
            new AuditEntry(AuditTypes.RequestRefused)
            {
                RunId = run.Id,
                Agent = run.Agent,
                Requester = run.Requester,
                Rule = "network-boundary",
                Failed = true,
                Reason = reason,
            },
            cancellationToken).ConfigureAwait(false);
        await TellAsync(run, input with { Message = reason }, cancellationToken).ConfigureAwait(false);
    }
}
