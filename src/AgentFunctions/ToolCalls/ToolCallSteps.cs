using AgentFunctions.ToolCalls.Questions;

namespace AgentFunctions.ToolCalls;

/// <summary>Provides the order in which tool calls pass their steps, the first outermost.</summary>
/// <remarks>
/// Three guarantees lie in the order. A call is decided before it is begun, and begun before it is done: policy, then
/// <see cref="DecisionAuditStep"/>, then <see cref="BeginStep"/>, then <see cref="InvokeStep"/>. <see cref="InFlightStep"/> wraps
/// the invocation alone, so that the kill switch never cuts a write to the ledger or to the log of the folder:
/// <see cref="SnapshotStep"/> is outside. <see cref="ReviewEntryStep"/> comes after all that can refuse, so that a refused call
/// takes no room in a review queue. <see cref="AuditStep"/> wraps <see cref="ResultStep"/>, since the audit log holds what the
/// model reads. <see cref="PendingQuestionStep"/> comes before <see cref="ResolveStep"/>, so that a look at what people are asked
/// needs no tool server.
/// </remarks>
internal static class ToolCallSteps
{
    /// <summary>Gets the steps of a call that a model asked for.</summary>
    public static IReadOnlyList<Type> OfModel { get; } =
    [
        typeof(TelemetryStep), typeof(LedgerStep), typeof(PendingQuestionStep), typeof(ResolveStep), typeof(AuditStep),
        typeof(ResultStep),
        typeof(UnknownOutcomeStep), typeof(ReviewRoomStep), typeof(KillOrderStep), typeof(ApprovalStep), typeof(PolicyStep),
        typeof(ReviewEntryStep),
        typeof(DecisionAuditStep), typeof(BeginStep), typeof(AskStep), typeof(ProgressStep), typeof(SnapshotStep),
        typeof(InFlightStep), typeof(InvokeStep),
    ];

    /// <summary>
    /// Gets the steps of an acceptance command: its tool's effect decides what a crash repeats, and nobody can be asked.
    /// </summary>
    public static IReadOnlyList<Type> OfAcceptance { get; } =
    [
        typeof(TelemetryStep), typeof(LedgerStep), typeof(ResolveStep), typeof(AuditStep), typeof(ResultStep),
        typeof(KillOrderStep),
        typeof(PolicyWithoutAskingStep), typeof(DecisionAuditStep), typeof(BeginStep), typeof(SnapshotStep), typeof(InFlightStep),
        typeof(InvokeStep),
    ];

    /// <summary>Gets the steps of a look that a monitor takes through a tool without effects, on behalf of no run.</summary>
    public static IReadOnlyList<Type> OfSignal { get; } =
    [
        typeof(TelemetryStep), typeof(AuditStep), typeof(KillOrderStep), typeof(PolicyWithoutAskingStep),
        typeof(DecisionAuditStep),
        typeof(InFlightStep), typeof(InvokeStep),
    ];
}
