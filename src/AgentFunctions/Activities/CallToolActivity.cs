using System.Diagnostics;
using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Activities;

/// <summary>One tool call under the ledger: no effect happens twice, no outcome is lost.</summary>
internal sealed class CallToolActivity(
    RunStore runs, Transcript transcript, Journal journal, Ledger ledger, ArtifactStore artifacts, RunTools tools,
    ToolInvoker invoker, IServiceProvider services, TimeProvider time)
{
    /// <summary>How much of the arguments and of the result the journal repeats, in characters.</summary>
    private const int JournalTextLimit = 400;

    public async Task<CallToolResult> RunAsync(ActivityContext activity, CallToolInput input)
    {
        CancellationToken cancellationToken = activity.CancellationToken;
        LedgerEntry? known = await ledger.FindAsync(input.RunId, input.Turn, input.Call, cancellationToken).ConfigureAwait(false);
        if (known is { State: LedgerState.Finished, Outcome: { } recorded })
        {
            // A crash came between the ledger's record and the engine's: the journal may or may not have heard of it.
            await journal.AppendIfMissingAsync(input.RunId, Completed(input, known.Tool, recorded, null), cancellationToken).ConfigureAwait(false);
            return ResultOf(recorded);
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
        };

        long start = time.GetTimestamp();
        using Activity? span = AgentTelemetry.StartToolCall(run, call);
        LedgerEntry entry = known ?? new LedgerEntry(call.Name, LedgerState.Started, time.GetUtcNow());
        PreparedCall found = await tools.PrepareAsync(run, agent, call, context, cancellationToken).ConfigureAwait(false);
        ToolOutcome outcome = found.WithNotice(found.Call switch
        {
            null when known is null => found.Refusal!,
            null => Unknown(call.Name, found.Refusal!.Text),
            ToolCall prepared when known is null => await CallAsync(prepared, call, entry, cancellationToken).ConfigureAwait(false),
            ToolCall prepared => await TakeUpAsync(prepared, cancellationToken).ConfigureAwait(false),
        });
        if (outcome.Code == ErrorCode.EngineUnavailable)
        {
            // Not the tool's error but the store's: the step is repeated, and the ledger knows how far it had come.
            throw new AgentException(ErrorCode.EngineUnavailable, outcome.Text);
        }

        outcome = await ToolResultLimit.FitAsync(context, call.Name, outcome, input.ResultBytes, cancellationToken).ConfigureAwait(false);
        TimeSpan took = time.GetElapsedTime(start);
        AgentTelemetry.ToolCalled(span, call, outcome, took);
        await ledger.WriteAsync(
            run.Id, input.Turn, input.Call, entry with { State = LedgerState.Finished, Outcome = outcome }, cancellationToken)
            .ConfigureAwait(false);
        await journal.AppendAsync(run.Id, Completed(input, call.Name, outcome, took), cancellationToken).ConfigureAwait(false);
        return ResultOf(outcome);
    }

    /// <summary>A first call: entered in the ledger before anything can happen to the world.</summary>
    private async Task<ToolOutcome> CallAsync(
        ToolCall prepared, FunctionCallContent call, LedgerEntry entry, CancellationToken cancellationToken)
    {
        ToolContext context = prepared.Context;
        if (prepared.Tool.Effect != ToolEffect.None)
        {
            await ledger.WriteAsync(context.RunId, context.Turn, context.Call, entry, cancellationToken).ConfigureAwait(false);
        }

        await journal.AppendAsync(context.RunId, Started(context, call), cancellationToken).ConfigureAwait(false);
        return await invoker.InvokeAsync(prepared, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A call that a crash cut off: asked about, repeated where that is safe, else reported as unknown.</summary>
    private async Task<ToolOutcome> TakeUpAsync(ToolCall prepared, CancellationToken cancellationToken)
    {
        Reconciliation found = await invoker.ReconcileAsync(prepared, cancellationToken).ConfigureAwait(false);
        return found.Verdict switch
        {
            ReconciliationVerdict.Happened =>
                await ToolInvoker.ToOutcomeAsync(prepared, found.Result, cancellationToken).ConfigureAwait(false),
            ReconciliationVerdict.Unknown when prepared.Tool.Effect == ToolEffect.NotIdempotent => Unknown(prepared.Tool.Name),
            _ => await invoker.InvokeAsync(prepared, cancellationToken).ConfigureAwait(false),
        };
    }

    private static ToolOutcome Unknown(string tool, string? more = null) => ToolOutcome.Failed(
        ErrorCode.ToolOutcomeUnknown,
        $"the call of '{tool}' was interrupted and its outcome is unknown: it may or may not have taken effect. "
        + $"Find out before you call it again.{(more is null ? "" : $" ({more})")}");

    private async Task<FunctionCallContent> FindCallAsync(CallToolInput input, CancellationToken cancellationToken)
    {
        TranscriptWindow window = await transcript.ReadWindowAsync(input.RunId, input.Context, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<FunctionCallContent> calls = window.ReplyOf(input.Turn)?.Calls ?? [];
        return input.Call < calls.Count
            ? calls[input.Call]
            : throw new AgentException(
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
