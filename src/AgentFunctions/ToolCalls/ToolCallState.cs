using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>Specifies how far a call had come when this pass began.</summary>
internal enum ToolCallPhase
{
    /// <summary>Nothing was done yet.</summary>
    New,

    /// <summary>A person approved it; rules may still forbid it.</summary>
    Approved,

    /// <summary>It was begun before: its recorded decision holds.</summary>
    Resumed,

    /// <summary>It asked people, and what it asked is settled: its recorded decision holds, and it is made again.</summary>
    Answered,
}

/// <summary>Represents what is known of one tool call on its way through the steps.</summary>
/// <param name="input">Which call of a run it is, and what the loop says about it.</param>
internal sealed class ToolCallState(CallToolInput input)
{
    /// <summary>Gets which call of a run it is, and what the loop says about it.</summary>
    public CallToolInput Input { get; } = input;

    /// <summary>
    /// Gets what takes the last writes of the step that makes the call; <see langword="null"/> if they are waited for.
    /// </summary>
    public IStepWrites? LastWrites { get; init; }

    /// <summary>Makes the state of a call on behalf of no run.</summary>
    /// <param name="request">The call.</param>
    /// <param name="actor">Who makes it.</param>
    public static ToolCallState OnBehalfOf(string actor, ToolCallRequest request) =>
        new(new CallToolInput(request.Run.Id, request.Context.Turn, request.Context.Call, new ContextRef()))
        {
            Actor = actor,
            HasRun = false,
            Asked = request.Asked,
            Request = request,
        };

    /// <summary>
    /// Gets who makes the call if the host does so itself; <see langword="null"/> for a call that a model asked for.
    /// </summary>
    public string? Actor { get; private init; } = input.Call == CallLedger.Acceptance ? "the acceptance check" : null;

    /// <summary>Gets whether the call belongs to a run.</summary>
    public bool HasRun { get; private init; } = true;

    /// <summary>Gets or sets how far the call had come.</summary>
    public ToolCallPhase Phase { get; set; }

    /// <summary>Gets or sets what the ledger knew when the pass began.</summary>
    public LedgerEntry? Known { get; set; }

    /// <summary>Gets or sets what the model asked for; <see langword="null"/> until it is resolved.</summary>
    public FunctionCallContent? Asked { get; set; }

    /// <summary>Gets or sets the call as the tool takes it.</summary>
    /// <exception cref="InvalidOperationException">The call is not resolved; see <see cref="IsResolved"/>.</exception>
    public ToolCallRequest Request
    {
        get => field ?? throw new InvalidOperationException("The call is not resolved yet.");
        set
        {
            field = value;
            IsResolved = true;
        }
    }

    /// <summary>Gets whether the tool was found and takes the arguments.</summary>
    public bool IsResolved { get; private set; }

    /// <summary>Gets or sets the tool as it is now, with what the model must know about it.</summary>
    public PreparedCall? Found { get; set; }

    /// <summary>Gets or sets the approval that a person gave in this pass.</summary>
    public Approval? Approval { get; set; }

    /// <summary>Gets or sets the id of the approval that the call waits for, or that decided it.</summary>
    public string? ApprovalId { get; set; }

    /// <summary>Gets or sets the questions that the call has asked people; <see langword="null"/> if it has asked none.</summary>
    public IReadOnlyList<string>? QuestionIds { get; set; }

    /// <summary>Gets whether the call was decided in an earlier pass, so that the recorded decision holds.</summary>
    public bool IsDecided => Phase is ToolCallPhase.Resumed or ToolCallPhase.Answered;

    /// <summary>Gets or sets what was decided; <see langword="null"/> if it did not come to a decision.</summary>
    public PolicyDecision? Decision { get; set; }

    /// <summary>
    /// Gets or sets the call to make, with the arguments and limits that were decided; <see langword="null"/> unless it may be
    /// made.
    /// </summary>
    public ToolCall? Call { get; set; }

    /// <summary>Gets or sets what the ledger holds of the call in this pass; <see langword="null"/> until it is begun.</summary>
    public LedgerEntry? Entry { get; set; }

    /// <summary>
    /// Gets or sets whether the call is entered in the ledger: then its entries in the audit log are written together with those.
    /// </summary>
    public bool IsInLedger { get; set; }

    /// <summary>
    /// Gets or sets whether the audit log is still to be told why the call may be made, together with that it is begun.
    /// </summary>
    public bool IsDecisionDue { get; set; }

    /// <summary>Gets or sets what the audit log is still to be told that came of the call, together with the ledger.</summary>
    public ToolOutcome? OutcomeDue { get; set; }

    /// <summary>
    /// Gets or sets the write that tells followers that the call begins, where the call does not wait for it; its outcome does.
    /// </summary>
    public Task Told { get; set; } = Task.CompletedTask;

    /// <summary>Gets whether the call was made before and nobody can tell what came of it.</summary>
    public bool IsRepeat => Known is { State: LedgerState.Unknown };

    /// <summary>Gets whether it was decided that the call must not be made.</summary>
    public bool IsRefused => Call is null && Decision is { Verdict: PolicyVerdict.Deny };

    /// <summary>Gets the arguments that are decided about, or that were decided.</summary>
    public JsonElement Arguments => Decision?.Arguments ?? Approval?.Edited ?? Request.Arguments;

    /// <summary>Makes the entry of a call that is about to be made, or that will not be made.</summary>
    /// <param name="now">The present moment.</param>
    public LedgerEntry NewEntry(DateTimeOffset now) => new(Asked!.Name, LedgerState.Started, now)
    {
        Decision = Decision ?? Known?.Decision,
        ApprovalId = ApprovalId,
        QuestionIds = QuestionIds ?? Known?.QuestionIds,
        Repeats = (Known?.Repeats ?? 0) + (IsRepeat && !IsRefused ? 1 : 0),
        GoesOn = Phase == ToolCallPhase.Answered && Known is { GoesOn: true },
        Etag = Known?.Etag,
    };
}
