using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Represents what one pass through the pipeline led to: exactly one of the three.</summary>
internal abstract record CallOutcome
{
    private CallOutcome()
    {
    }

    /// <summary>Represents a call that has an outcome: its result, or why it was not made.</summary>
    /// <param name="Outcome">What the model is told.</param>
    internal sealed record Completed(ToolOutcome Outcome) : CallOutcome
    {
        /// <summary>Gets how long the invocation took; zero for a call that was not made.</summary>
        public TimeSpan Took { get; init; }

        /// <summary>Gets what the call asks the loop to do for sub-agents.</summary>
        public SwarmRequest? Swarm { get; init; }
    }

    /// <summary>Represents a call that has to wait.</summary>
    /// <param name="For">What it waits for.</param>
    /// <param name="Left">
    /// What the ledger holds meanwhile: <see cref="LedgerState.Waiting"/> before anything was done,
    /// <see cref="LedgerState.Started"/> for work that runs elsewhere, or where its entry stays as it is,
    /// <see cref="LedgerState.Unknown"/> while a person is asked what came of the call.
    /// </param>
    internal sealed record Waiting(ToolCallWait For, LedgerState Left) : CallOutcome;

    /// <summary>Represents a call whose outcome comes later, from sub-agents.</summary>
    /// <param name="Request">What the loop is to do.</param>
    internal sealed record Delegated(SwarmRequest Request) : CallOutcome;
}
