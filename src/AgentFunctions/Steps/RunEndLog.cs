using System.Diagnostics;
using System.Text.Json;
using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;

namespace AgentFunctions.Steps;

/// <summary>Writes the end of a run into its journal, the run index, the meter and the audit log.</summary>
internal sealed class RunEndLog(Journal journal, RunIndexLog index, AuditLog audit, Redactor redactor, TimeProvider time)
{
    /// <summary>Enters the end where those look who follow the run; an end that is entered already is left.</summary>
    /// <param name="run">The run.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task JournalAsync(RunRecord run, RunOutcome outcome, CancellationToken cancellationToken)
    {
        var ended = new JournalEvent(JournalEventTypes.RunEnded, time.GetUtcNow())
        {
            Turn = outcome.State.Turns,
            Attempt = outcome.State.Resumptions,
            Code = CodeOf(outcome),
            Text = outcome.Message ?? SwarmNote.Of(outcome.State),
            IsError = outcome.Status == RunStatus.Completed ? null : true,
            Usage = outcome.State.Usage,
        };
        Task<bool> isNew = journal.AppendIfMissingAsync(run.Id, ended, cancellationToken);
        await Task.WhenAll(isNew, index.EndedAsync(run.Id, RunEnding.Of(outcome, ended.At), cancellationToken))
            .ConfigureAwait(false);
        if (await isNew.ConfigureAwait(false))
        {
            AgentTelemetry.RunEnded(run, ended.Code, ended.At - run.CreatedAt);
            Trace(run, outcome, ended);
        }
    }

    /// <summary>Enters the end in the audit log.</summary>
    /// <param name="run">The run.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task AuditAsync(RunRecord run, RunOutcome outcome, CancellationToken cancellationToken) => audit.AppendAsync(
        new AuditEntry(AuditTypes.RunEnded)
        {
            RunId = run.Id,
            Agent = run.Agent,
            Requester = run.Requester,
            Failed = outcome.Status == RunStatus.Completed ? null : true,
            Reason = redactor.Redact($"{CodeOf(outcome)}{(outcome.Message is null ? "" : $": {outcome.Message}")}"),
        },
        cancellationToken);

    private static void Trace(RunRecord run, RunOutcome outcome, JournalEvent ended)
    {
        using Activity? span = RunTrace.End(run, ended.At);
        RunState state = outcome.State;
        span?.SetTag("agentfunctions.run.status", ended.Code)
            .SetTag("agentfunctions.run.turns", state.Turns)
            .SetTag("agentfunctions.run.steps", state.Steps)
            .SetTag("gen_ai.usage.input_tokens", state.Usage.InputTokens)
            .SetTag("gen_ai.usage.output_tokens", state.Usage.OutputTokens)
            .SetTag("gen_ai.usage.cache_read.input_tokens", state.Usage.CachedTokens)
            .SetTag("agentfunctions.cost.usd", state.Usage.Usd > 0 ? (double)state.Usage.Usd : null);
        if (outcome.Status != RunStatus.Completed)
        {
            span?.SetTag("error.type", outcome.Code ?? ended.Code).SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string CodeOf(RunOutcome outcome) => JsonNamingPolicy.CamelCase.ConvertName(outcome.Status.ToString());
}
