using System.Diagnostics;
using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Governance;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Activities;

/// <summary>One tool call under the ledger: no effect happens twice, no outcome is lost.</summary>
internal sealed class CallToolActivity(
    RunStore runs, Transcript transcript, Journal journal, Ledger ledger, ArtifactStore artifacts, RunTools tools,
    ToolInvoker invoker, ToolCallGovernor governor, RunLineage lineage, InFlightCalls calls, ApprovalGate approvals, ReviewGate reviews,
    IServiceProvider services, TimeProvider time)
{
    /// <summary>How much of the arguments and of the result the journal repeats, in characters.</summary>
    private const int JournalTextLimit = 400;

    /// <summary>Stands for the outcome of a job that has none yet.</summary>
    private static readonly ToolOutcome AtWork = new("The work goes on.");

    public async Task<CallToolResult> RunAsync(ActivityContext activity, CallToolInput input)
    {
        CancellationToken cancellationToken = activity.CancellationToken;
        LedgerEntry? known = await ledger.FindAsync(input.RunId, input.Turn, input.Call, cancellationToken).ConfigureAwait(false);
        if (known is { State: LedgerState.Finished, Outcome: not null })
        {
            return await RecordedAsync(input, known, cancellationToken).ConfigureAwait(false);
        }

        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        FunctionCallContent call = await FindCallAsync(input, cancellationToken).ConfigureAwait(false);
        var context = new ToolContext
        {
            RunId = run.Id,
            Agent = agent.Name,
            Turn = input.Turn,
            Call = input.Call,
            Workspace = run.Workspace is null ? null : new Workspace(run.Workspace),
            Artifacts = artifacts,
            Services = services,
            Swarm = input.Swarm is null ? null : new SwarmCall(input.Swarm),
        };

        using Activity? span = AgentTelemetry.StartToolCall(run, call);
        bool hadBegun = known is { State: LedgerState.Started };
        bool isUnknown = known is { State: LedgerState.Unknown };
        PreparedCall found = await tools.PrepareAsync(run, agent, call, context, cancellationToken).ConfigureAwait(false);
        if (found.Call is not { } asked)
        {
            LedgerEntry refused = known ?? new LedgerEntry(call.Name, LedgerState.Started, time.GetUtcNow());
            ToolOutcome refusal = found.WithNotice(hadBegun || isUnknown ? Unknown(call.Name, found.Refusal!.Text) : found.Refusal!);
            DemandStore(refusal);
            return await FinishAsync(input, refused, refusal, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        }

        var request = new ToolCallRequest(run, agent, await lineage.OfAsync(run, cancellationToken).ConfigureAwait(false), asked, call)
        {
            BudgetLeft = input.BudgetLeft ?? new Budget(),
        };
        ToolCallRuling ruling = hadBegun
            ? new ToolCallRuling { Call = ToolCallGovernor.Resume(request, known!.Decision), Decision = known.Decision, ApprovalId = known.ApprovalId }
            : await reviews.WaitAsync(request, known, cancellationToken).ConfigureAwait(false)
                ?? await reviews.EnterAsync(
                    request, await governor.RuleAsync(request, known, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        LedgerEntry entry = hadBegun ? known! : new LedgerEntry(call.Name, LedgerState.Started, time.GetUtcNow())
        {
            Decision = ruling.Decision ?? known?.Decision,
            ApprovalId = ruling.ApprovalId,
            Repeats = isUnknown ? known!.Repeats + 1 : 0,
            Etag = known?.Etag,
        };
        if (ruling.Wait is { } wait)
        {
            LedgerEntry waiting = isUnknown ? known! : entry with { State = LedgerState.Waiting };
            await ledger.EnterAsync(run.Id, input.Turn, input.Call, waiting, cancellationToken).ConfigureAwait(false);
            return new CallToolResult(false, 0) { Wait = wait };
        }

        if (ruling.Refusal is null && !hadBegun)
        {
            entry = await BeginAsync(request, ruling.Call!, entry, cancellationToken).ConfigureAwait(false);
        }

        long start = time.GetTimestamp();
        ToolOutcome made = ruling switch
        {
            { Refusal: { } refused } => refused,
            _ when hadBegun => await StoppableAsync(
                request, ruling.Call!, (governed, stop) => TakeUpAsync(governed, entry, stop), cancellationToken).ConfigureAwait(false),
            _ => await StoppableAsync(request, ruling.Call!, StartAsync, cancellationToken).ConfigureAwait(false),
        };
        if (ReferenceEquals(made, AtWork))
        {
            DateTimeOffset now = time.GetUtcNow();
            DateTimeOffset look = now + ruling.Call!.Tool.Job!.PauseAt(now - entry.StartedAt);
            return new CallToolResult(false, 0) { Wait = new ToolCallWait("job", call.Name, $"job:{input.Turn}:{input.Call}", look) };
        }

        ToolOutcome outcome = found.WithNotice(made);
        DemandStore(outcome);
        if (IsUnknown(ruling, outcome)
            && await governor.AskAboutAsync(request, entry, cancellationToken).ConfigureAwait(false) is { Wait: { } question } asking)
        {
            await EnterQuestionAsync(input, entry, asking.ApprovalId, cancellationToken).ConfigureAwait(false);
            await SettleAsync(entry.ApprovalId, cancellationToken).ConfigureAwait(false);
            return new CallToolResult(false, 0) { Wait = question };
        }

        outcome = await ToolResultLimit.FitAsync(context, call.Name, outcome, input.ResultBytes, cancellationToken).ConfigureAwait(false);
        SwarmRequest? wanted = outcome.IsError ? null : context.Swarm?.Request;
        entry = entry with { Swarm = wanted };
        if (context.Swarm is { IsOpen: true } && !outcome.IsError)
        {
            // The outcome comes later: from the sub-agent, or when the call is taken up again.
            var pending = new ToolOutcome("The call waits for sub-agents.");
            await governor.FinishedAsync(request, ruling, entry.StartedAt, pending, cancellationToken).ConfigureAwait(false);
            return new CallToolResult(false, 0) { Swarm = wanted };
        }

        TimeSpan took = asked.Tool.Job is null ? time.GetElapsedTime(start) : time.GetUtcNow() - entry.StartedAt;
        AgentTelemetry.ToolCalled(span, call, outcome, took);
        await governor.FinishedAsync(request, ruling, entry.StartedAt, outcome, cancellationToken).ConfigureAwait(false);
        return await FinishAsync(input, entry, outcome, took, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An error of the store is not the tool's: the step is repeated, and the ledger knows how far it had come.</summary>
    private static void DemandStore(ToolOutcome outcome)
    {
        if (outcome.Code == ErrorCode.EngineUnavailable)
        {
            throw new AgentException(ErrorCode.EngineUnavailable, outcome.Text);
        }
    }

    private async Task<CallToolResult> FinishAsync(
        CallToolInput input, LedgerEntry entry, ToolOutcome outcome, TimeSpan? took, CancellationToken cancellationToken)
    {
        Task<LedgerEntry> entered = ledger.FinishAsync(
            input.RunId, input.Turn, input.Call, entry with { Outcome = outcome }, cancellationToken);
        // Who took up another's call is not sure to be believed, and tells of it only then.
        if (entry is { IsOwner: false, Etag: not null }
            && await entered.ConfigureAwait(false) is var other && !ReferenceEquals(other.Outcome, outcome))
        {
            return await RecordedAsync(input, other, cancellationToken).ConfigureAwait(false);
        }

        // Handed over together, in this order, so that they share one flush to disk.
        await Task.WhenAll(
            entered, journal.AppendAsync(input.RunId, Completed(input, entry.Tool, outcome, took), cancellationToken)).ConfigureAwait(false);
        LedgerEntry counts = await entered.ConfigureAwait(false);
        await SettleAsync(entry.ApprovalId, cancellationToken).ConfigureAwait(false);
        return ResultOf(counts.Outcome!) with { Swarm = counts.Swarm };
    }

    /// <summary>A call that has its outcome: the journal may or may not have heard of it before a crash.</summary>
    private async Task<CallToolResult> RecordedAsync(CallToolInput input, LedgerEntry known, CancellationToken cancellationToken)
    {
        await journal.AppendIfMissingAsync(input.RunId, Completed(input, known.Tool, known.Outcome!, null), cancellationToken).ConfigureAwait(false);
        await SettleAsync(known.ApprovalId, cancellationToken).ConfigureAwait(false);
        return ResultOf(known.Outcome!) with { Swarm = known.Swarm };
    }

    /// <summary>Enters that a person is asked about a call; where another delivery has its outcome, nobody need answer.</summary>
    private async Task EnterQuestionAsync(CallToolInput input, LedgerEntry entry, string? approvalId, CancellationToken cancellationToken)
    {
        try
        {
            await ledger.EnterAsync(
                input.RunId, input.Turn, input.Call, entry with { State = LedgerState.Unknown, ApprovalId = approvalId }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EngineUnavailable)
        {
            if (await ledger.FindAsync(input.RunId, input.Turn, input.Call, cancellationToken).ConfigureAwait(false) is { State: LedgerState.Finished })
            {
                await SettleAsync(approvalId, cancellationToken).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>An approval is closed only once the ledger has what came of it: until then it is what a crash is taken up from.</summary>
    private Task SettleAsync(string? approvalId, CancellationToken cancellationToken) =>
        approvalId is null ? Task.CompletedTask : approvals.SettleAsync(approvalId, cancellationToken);

    /// <summary>Enters a first call in the ledger before anything can happen to the world.</summary>
    private async Task<LedgerEntry> BeginAsync(
        ToolCallRequest request, ToolCall governed, LedgerEntry entry, CancellationToken cancellationToken)
    {
        ToolContext context = request.Context;
        Task<LedgerEntry> begun = governed.Tool is { Effect: ToolEffect.None, Job: null }
            ? Task.FromResult(entry)
            : ledger.EnterAsync(context.RunId, context.Turn, context.Call, entry, cancellationToken);
        // A call that was taken up again has been told of.
        Task told = context.Swarm is { Allowance.Phase: > 0 }
            ? Task.CompletedTask
            : journal.AppendAsync(context.RunId, Started(context, request.Asked), cancellationToken);
        await Task.WhenAll(begun, told).ConfigureAwait(false);
        return await begun.ConfigureAwait(false);
    }

    /// <summary>Makes a call; of a job, whose start may have come through though nobody heard of it, the first look will tell.</summary>
    private async Task<ToolOutcome> StartAsync(ToolCall governed, CancellationToken cancellationToken)
    {
        ToolOutcome outcome = await invoker.InvokeAsync(governed, cancellationToken).ConfigureAwait(false);
        return governed.Tool.Job is not null && (!outcome.IsError || outcome.Code is ErrorCode.ToolTimeout or ErrorCode.ToolOutcomeUnknown)
            ? AtWork
            : outcome;
    }

    /// <summary>Makes a call that the kill switch can stop.</summary>
    private async Task<ToolOutcome> StoppableAsync(
        ToolCallRequest request, ToolCall call, Func<ToolCall, CancellationToken, Task<ToolOutcome>> make, CancellationToken cancellationToken)
    {
        using InFlightCall stoppable = calls.Begin(request.Run, request.Lineage.Tree, call.Tool.Name, cancellationToken);
        try
        {
            return await make(call, stoppable.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppable.StoppedBy is not null && !cancellationToken.IsCancellationRequested)
        {
            string begun = call.Tool.Effect == ToolEffect.None ? "" : " It had begun: whether it took effect is not known.";
            return ToolOutcome.Failed(
                ErrorCode.Stopped, $"{stoppable.StoppedBy.By} stopped {stoppable.StoppedBy.Words} while '{call.Tool.Name}' was at work.{begun}");
        }
    }

    /// <summary>A call that a crash cut off: asked about, repeated where that is safe, else reported as unknown.</summary>
    private async Task<ToolOutcome> TakeUpAsync(ToolCall governed, LedgerEntry entry, CancellationToken cancellationToken)
    {
        Reconciliation found = await invoker.ReconcileAsync(governed, cancellationToken).ConfigureAwait(false);
        return found.Verdict switch
        {
            ReconciliationVerdict.GoesOn or ReconciliationVerdict.Unknown when governed.Tool.Job is { } job =>
                time.GetUtcNow() - entry.StartedAt < job.GiveUpAfter ? AtWork : Unknown(governed.Tool.Name, $"It was given up after {job.GiveUpAfter}."),
            ReconciliationVerdict.GoesOn => Unknown(governed.Tool.Name),
            ReconciliationVerdict.Happened =>
                await ToolInvoker.ToOutcomeAsync(governed, found.Result, cancellationToken).ConfigureAwait(false),
            ReconciliationVerdict.Unknown when governed.Tool.Effect == ToolEffect.NotIdempotent => Unknown(governed.Tool.Name),
            _ => await StartAsync(governed, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Whether a call was made of which nobody can tell whether it took effect.</summary>
    private static bool IsUnknown(ToolCallRuling ruling, ToolOutcome outcome) => ruling.Call is { } made
        && (outcome.Code == ErrorCode.ToolOutcomeUnknown
            || (outcome.Code == ErrorCode.ToolTimeout && made.Tool.Effect == ToolEffect.NotIdempotent));

    private static ToolOutcome Unknown(string tool, string? more = null) => ToolOutcome.Failed(
        ErrorCode.ToolOutcomeUnknown,
        $"the call of '{tool}' was interrupted and its outcome is unknown: it may or may not have taken effect. "
        + $"Find out before you call it again.{(more is null ? "" : $" ({more})")}");

    private async Task<FunctionCallContent> FindCallAsync(CallToolInput input, CancellationToken cancellationToken)
    {
        TranscriptWindow window = await transcript.ReadWindowAsync(input.RunId, input.Context, cancellationToken).ConfigureAwait(false);
        return window.ReplyOf(input.Turn)?.Message.Contents.OfType<FunctionCallContent>().ElementAtOrDefault(input.Call)
            ?? throw new AgentException(
                ErrorCode.DataFileUnusable, $"The transcript of run '{input.RunId}' lacks call {input.Call} of turn {input.Turn}.");
    }

    private static CallToolResult ResultOf(ToolOutcome outcome) => new(
        outcome.IsError, Encoding.UTF8.GetByteCount(outcome.Text), outcome.Code?.ToString());

    private JournalEvent Started(ToolContext context, FunctionCallContent call) => new(JournalEventTypes.ToolStarted, time.GetUtcNow())
    {
        Turn = context.Turn,
        Call = context.Call,
        Tool = call.Name,
        Text = Preview.Of(ToolInvoker.ArgumentsText(call), JournalTextLimit),
    };

    private JournalEvent Completed(CallToolInput input, string tool, ToolOutcome outcome, TimeSpan? took) =>
        new(JournalEventTypes.ToolCompleted, time.GetUtcNow())
        {
            Turn = input.Turn,
            Call = input.Call,
            Tool = tool,
            Text = Preview.Of(outcome.Text, JournalTextLimit),
            IsError = outcome.IsError ? true : null,
            Code = outcome.Code?.ToString(),
            Artifact = outcome.Artifact,
            DurationMs = (long?)took?.TotalMilliseconds,
        };
}
