using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Swarm;

/// <summary>Enters the results of sub-agents as the outcomes of their leads' calls.</summary>
internal sealed class LeadAnswers(
    RunStore runs, ChildResults results, CallLedger ledger, Journal journal, Redactor redactor, TimeProvider time)
{
    /// <summary>How much of the result the lead's journal repeats, in characters.</summary>
    private const int JournalTextLimit = 400;

    /// <summary>Enters the result as the outcome of the lead's call, where it is one.</summary>
    /// <returns>Its size in bytes (UTF-8).</returns>
    public async Task<int> EnterAsync(NotifyInput input, CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        LeadLink lead = input.Outcome.State.Lead!;
        if (run.Origin is not { IsAnswer: true } origin)
        {
            return 0;
        }

        ToolOutcome answer = await results.SumUpAsync(run, input.Outcome, lead, cancellationToken).ConfigureAwait(false);
        LedgerEntry asked = await ledger.FindAsync(lead.RunId, origin.Turn, origin.Call, cancellationToken).ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.DataFileUnusable,
                $"The ledger of run '{lead.RunId}' lacks call {origin.Call} of turn {origin.Turn}.");
        await ledger.WriteAsync(
            lead.RunId, origin.Turn, origin.Call,
            asked with { State = LedgerState.Finished, Outcome = answer }, cancellationToken).ConfigureAwait(false);
        var told = new JournalEvent(JournalEventTypes.ToolCompleted, time.GetUtcNow())
        {
            Turn = origin.Turn,
            Call = origin.Call,
            Attempt = input.Outcome.State.Resumptions,
            Tool = asked.Tool,
            Text = Preview.Of(redactor.Redact(answer.Text), JournalTextLimit),
            IsError = answer.IsError ? true : null,
            Code = input.Outcome.Code,
            Artifact = answer.Artifact,
            Run = run.Id,
            DurationMs = (long)(time.GetUtcNow() - asked.StartedAt).TotalMilliseconds,
        };
        // Only after a crash may it be there: a lead of hundreds has a long journal, and all of them would read it.
        await (asked.State == LedgerState.Finished
            ? journal.AppendIfMissingAsync(lead.RunId, told, cancellationToken)
            : journal.AppendAsync(lead.RunId, told, cancellationToken)).ConfigureAwait(false);
        return Encoding.UTF8.GetByteCount(answer.Text);
    }

}
