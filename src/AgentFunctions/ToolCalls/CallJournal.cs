using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>Tells the journal of a run about its tool calls.</summary>
internal sealed class CallJournal(Journal journal, Redactor redactor, TimeProvider time)
{
    /// <summary>How much of the arguments and of the result the journal repeats, in characters.</summary>
    private const int TextLimit = 400;

    /// <summary>Adds that a call is about to be made.</summary>
    public Task StartedAsync(CallToolInput call, FunctionCallContent asked, bool isClient, CancellationToken cancellationToken) =>
        IsToldElsewhere(call)
            ? Task.CompletedTask
            : journal.AppendAsync(call.RunId, Started(call, asked, isClient), cancellationToken);

    /// <summary>Adds that a call is about to be made, together with its outcome if that comes at once.</summary>
    /// <returns>A task that completes when it is added.</returns>
    public Task StartedSoonAsync(CallToolInput call, FunctionCallContent asked, bool isClient) =>
        IsToldElsewhere(call) ? Task.CompletedTask : journal.AppendSoonAsync(call.RunId, Started(call, asked, isClient));

    /// <summary>Adds now what <see cref="StartedSoonAsync"/> lets wait.</summary>
    public Task TellAsync(string runId) => journal.WriteHeldAsync(runId);

    /// <summary>Adds that a call was about to be made, unless the pass before a crash did.</summary>
    public Task StartedBeforeAsync(CallToolInput call, FunctionCallContent asked, CancellationToken cancellationToken) =>
        IsToldElsewhere(call)
            ? Task.CompletedTask
            : journal.AppendIfMissingAsync(call.RunId, Started(call, asked, false), cancellationToken);

    /// <summary>Adds that a call has an outcome.</summary>
    public Task CompletedAsync(CallToolInput call, string tool, ToolOutcome outcome, TimeSpan took,
        CancellationToken cancellationToken) =>
        IsToldElsewhere(call)
            ? Task.CompletedTask
            : journal.AppendAsync(call.RunId, Completed(call, tool, outcome, took), cancellationToken);

    /// <summary>Adds that a call has an outcome, unless a pass before a crash did.</summary>
    public Task CompletedBeforeAsync(CallToolInput call, string tool, ToolOutcome outcome, CancellationToken cancellationToken) =>
        IsToldElsewhere(call)
            ? Task.CompletedTask
            : journal.AppendIfMissingAsync(call.RunId, Completed(call, tool, outcome, null), cancellationToken);

    /// <summary>
    /// Gets whether another event tells of the call: an acceptance command's result is in the one about the answer.
    /// </summary>
    private static bool IsToldElsewhere(CallToolInput call) => call.Call == CallLedger.Acceptance;

    private JournalEvent Started(CallToolInput call, FunctionCallContent asked, bool isClient) =>
        new(JournalEventTypes.ToolStarted, time.GetUtcNow())
        {
            Turn = call.Turn,
            Call = call.Call,
            Tool = asked.Name,
            IsClient = isClient ? true : null,
            Text = Preview.Of(redactor.Redact(ModelConventions.ArgumentsText(asked)), TextLimit),
        };

    private JournalEvent Completed(CallToolInput call, string tool, ToolOutcome outcome, TimeSpan? took) =>
        new(JournalEventTypes.ToolCompleted, time.GetUtcNow())
        {
            Turn = call.Turn,
            Call = call.Call,
            Tool = tool,
            Text = Preview.Of(redactor.Redact(outcome.Text), TextLimit),
            IsError = outcome.IsError ? true : null,
            Code = outcome.Code?.ToString(),
            Artifact = outcome.Artifact,
            DurationMs = (long?)took?.TotalMilliseconds,
        };
}
