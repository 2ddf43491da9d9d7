using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>How an execution stands after a turn.</summary>
internal abstract record TurnOutcome
{
    /// <summary>It waits for something.</summary>
    public sealed record Waiting : TurnOutcome
    {
        public static readonly Waiting Instance = new();
    }

    /// <summary>It returned, threw, or was ended; the event is the last of its history.</summary>
    /// <param name="Last">The last event.</param>
    public sealed record Ended(HistoryEvent Last) : TurnOutcome;

    /// <summary>It asked to begin again.</summary>
    /// <param name="Input">The new input as JSON.</param>
    /// <param name="CarriedOver">Events that nobody has waited for.</param>
    public sealed record ContinuedAsNew(string? Input, IReadOnlyList<EventRaised> CarriedOver) : TurnOutcome;
}
