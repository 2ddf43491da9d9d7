namespace AgentFunctions.Loop;

/// <summary>When what the model is shown is summed up, and how much of it stays.</summary>
internal static class ContextPolicy
{
    /// <summary>The longest summary, in tokens.</summary>
    public const int SummaryTokens = 4_096;

    /// <summary>Bytes per token of usual text, for what no provider has counted yet. Rather too few than too many.</summary>
    public const int BytesPerToken = 3;

    /// <summary>The share of the room for input at which the older part is summed up.</summary>
    private const double FullAt = 0.8;

    /// <summary>The share of the room for input that stays as it is.</summary>
    private const double KeptShare = 0.3;

    public static bool IsFull(RunState state) =>
        state.ContextTokens + (state.PendingBytes / BytesPerToken) > Room(state) * FullAt && state.Turns > 1;

    public static int KeepTokens(RunState state) => (int)(Room(state) * KeptShare);

    private static int Room(RunState state) => Math.Max(1, state.Limits.ContextWindow - state.Limits.MaxOutputTokens);
}
