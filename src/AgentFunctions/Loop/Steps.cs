using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>The names by which the loop calls its steps.</summary>
internal static class StepNames
{
    public const string CallModel = "CallModel";
    public const string CallTool = "CallTool";
    public const string Notify = "Notify";
}

/// <summary>Ask the model for its next message.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn, from 1.</param>
/// <param name="ContextFrom">The position in the transcript from which the model is shown everything.</param>
internal sealed record CallModelInput(string RunId, int Turn, long ContextFrom);

/// <summary>What the model decided, by reference: the message itself is in the transcript.</summary>
/// <param name="Calls">The names of the tools that it asked for, in order; empty for an answer.</param>
/// <param name="Usage">What the call consumed.</param>
/// <param name="FinishReason">Why the model stopped.</param>
internal sealed record CallModelResult(IReadOnlyList<string> Calls, TokenUsage Usage, string? FinishReason)
{
    /// <summary>Set where the provider asked to wait: no message was made, ask again after this time.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Make one of the tool calls that the model asked for.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within the turn, from 0.</param>
/// <param name="ContextFrom">The position in the transcript from which the model is shown everything.</param>
internal sealed record CallToolInput(string RunId, int Turn, int Call, long ContextFrom);

/// <summary>What came of a tool call, by reference: the outcome itself is in the ledger.</summary>
/// <param name="IsError">Whether it went wrong.</param>
/// <param name="Code">The stable code of what went wrong.</param>
internal sealed record CallToolResult(bool IsError, string? Code = null);

/// <summary>Tell those who follow the run that it has ended.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Outcome">How.</param>
internal sealed record NotifyInput(string RunId, RunOutcome Outcome);

/// <summary>How a run ended.</summary>
/// <param name="Status">Its final status.</param>
/// <param name="State">Where it stood.</param>
internal sealed record RunOutcome(Runs.RunStatus Status, RunState State)
{
    /// <summary>The stable code of what stopped it short.</summary>
    public string? Code { get; init; }

    /// <summary>What stopped it short, in words.</summary>
    public string? Message { get; init; }
}

/// <summary>A request to end a run.</summary>
/// <param name="By">Who asked.</param>
/// <param name="Reason">Why.</param>
internal sealed record CancelRequest(string By, string? Reason = null);

/// <summary>The names of the events that a run listens to.</summary>
internal static class RunEvents
{
    public const string Cancel = "cancel";
}
