using System.Text;
using System.Text.Json;
using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.Tools;

namespace AgentFunctions.Swarm;

/// <summary>
/// The end of a sub-agent: told to those who follow it, as with any run, and entered as the outcome of its lead's call where
/// it is one. The loop tells the lead only then, so whoever hears of the end finds the result.
/// </summary>
internal sealed class ReportToLeadActivity(
    NotifyActivity notify, IOrchestrationClient orchestrations, RunStore runs, ChildResults results, CallLedger ledger, Journal journal, TimeProvider time,
    Redactor redactor)
{
    /// <summary>How much of the result the lead's journal repeats, in characters.</summary>
    private const int JournalTextLimit = 400;

    public async Task<ReportResult> RunAsync(ActivityContext context, NotifyInput input)
    {
        await notify.RunAsync(context, input with { EndsSteps = false }).ConfigureAwait(false);
        int bytes = await AnswerAsync(input, context.CancellationToken).ConfigureAwait(false);
        if (input.EndsSteps)
        {
            // The loop will not come to it: its instance ends with the steps that it has left, and this very activity's token.
            await orchestrations.RaiseEventAsync(
                input.Outcome.State.Lead!.RunId, ChildEnded.EventName, ChildEnded.Of(input.RunId, input.Outcome, bytes), CancellationToken.None)
                .ConfigureAwait(false);
            await orchestrations.TerminateAsync(input.RunId, input.Outcome, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }

        return new ReportResult(bytes);
    }

    /// <summary>Enters the result as the outcome of the lead's call, where it is one.</summary>
    /// <returns>Its size in bytes (UTF-8).</returns>
    private async Task<int> AnswerAsync(NotifyInput input, CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        LeadLink lead = input.Outcome.State.Lead!;
        if (run.Origin is not { IsAnswer: true } origin)
        {
            return 0;
        }

        ToolOutcome answer = await results.SumUpAsync(run, input.Outcome, lead, cancellationToken).ConfigureAwait(false);
        LedgerEntry asked = await ledger.FindAsync(lead.RunId, origin.Turn, origin.Call, cancellationToken).ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.DataFileUnusable, $"The ledger of run '{lead.RunId}' lacks call {origin.Call} of turn {origin.Turn}.");
        await ledger.WriteAsync(
            lead.RunId, origin.Turn, origin.Call,
            asked with { State = LedgerState.Finished, Outcome = answer }, cancellationToken).ConfigureAwait(false);
        var told = new JournalEvent(JournalEventTypes.ToolCompleted, time.GetUtcNow())
        {
            Turn = origin.Turn,
            Call = origin.Call,
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
