using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Activities;

/// <summary>Tells those who follow a run that it has ended: the journal, then the caller's own address.</summary>
internal sealed class NotifyActivity(
    RunStore runs, Journal journal, ApprovalGate approvals, AuditLog audit, Redactor redactor, IOrchestrationClient orchestrations,
    RunQueue queue, ReviewGate reviews, IHttpClientFactory http, TimeProvider time)
{
    /// <summary>The name of the HTTP client that posts to callback addresses.</summary>
    public const string HttpClientName = "AgentFunctions.Callbacks";

    /// <summary>How long one attempt may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public async Task<bool> RunAsync(ActivityContext context, NotifyInput input)
    {
        RunRecord run = await runs.GetAsync(input.RunId, context.CancellationToken).ConfigureAwait(false);
        RunOutcome outcome = input.Outcome;
        var ended = new JournalEvent(JournalEventTypes.RunEnded, time.GetUtcNow())
        {
            Turn = outcome.State.Turns,
            Code = JsonNamingPolicy.CamelCase.ConvertName(outcome.Status.ToString()),
            Text = outcome.Message,
            IsError = outcome.Status == RunStatus.Completed ? null : true,
            Usage = outcome.State.Usage,
        };
        if (await journal.AppendIfMissingAsync(run.Id, ended, context.CancellationToken).ConfigureAwait(false))
        {
            AgentTelemetry.RunEnded(run, ended.Code);
        }

        await approvals.WithdrawAsync(run.Id, context.CancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(AuditTypes.RunEnded)
            {
                RunId = run.Id,
                Agent = run.Agent,
                Requester = run.Requester,
                Failed = outcome.Status == RunStatus.Completed ? null : true,
                Reason = redactor.Redact($"{ended.Code}{(outcome.Message is null ? "" : $": {outcome.Message}")}"),
            },
            context.CancellationToken).ConfigureAwait(false);
        await reviews.LeaveAsync(run, context.CancellationToken).ConfigureAwait(false);
        if (run.Parent is null)
        {
            await queue.LeaveAsync(run.Id, context.CancellationToken).ConfigureAwait(false);
        }

        if (run.CallbackUrl is not null)
        {
            await PostAsync(run, outcome, context.CancellationToken).ConfigureAwait(false);
        }

        if (input.EndsSteps)
        {
            // The end of the instance cancels this very activity's token too.
            await orchestrations.TerminateAsync(run.Id, outcome, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }

    private async Task PostAsync(RunRecord run, RunOutcome outcome, CancellationToken cancellationToken)
    {
        using HttpClient client = http.CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Post, run.CallbackUrl)
        {
            Content = JsonContent.Create(
                new RunEndedNotice(run.Id, run.Agent, outcome.Status, outcome.Code, redactor.Redact(outcome.Message)), AgentJsonContext.Default.RunEndedNotice),
        };
        request.Headers.Add("Idempotency-Key", $"{run.Id}/ended/{outcome.State.Turns}");
        try
        {
            using HttpResponseMessage response = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
        }
        catch (HttpRequestException e) when (e.InnerException is AgentException { Code: ErrorCode.NotAllowed } refusal)
        {
            // The caller named an address of the inner network. That is not the run's failure, and no repetition changes it.
            await audit.AppendAsync(
                new AuditEntry(AuditTypes.RequestRefused)
                {
                    RunId = run.Id,
                    Agent = run.Agent,
                    Requester = run.Requester,
                    Rule = "network-boundary",
                    Failed = true,
                    Reason = redactor.Redact($"callbackUrl: {refusal.Message}"),
                },
                cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>What is posted to a run's callback address.</summary>
/// <param name="Id">The run.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Status">The final status.</param>
/// <param name="Code">The stable code of what stopped it short.</param>
/// <param name="Message">What stopped it short, in words.</param>
internal sealed record RunEndedNotice(string Id, string Agent, RunStatus Status, string? Code, string? Message);
