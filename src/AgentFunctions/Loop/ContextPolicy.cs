namespace AgentFunctions.Loop;

/// <summary>When what the model is shown is summed up, how much of it stays, and how much a turn's results may add.</summary>
internal static class ContextPolicy
{
    /// <summary>
    /// What the host itself may add to a request beyond what is accounted for: notices and their frame, in bytes.
    /// </summary>
    public const int HostBytes = 1_024;

    /// <summary>The least room for the conversation, in bytes, in which a summary can be asked for.</summary>
    private const int LeastCompaction = 4_096;

    /// <summary>How often in a row a request that the provider refused for its size is shortened.</summary>
    public const int MaxOverflows = 2;

    /// <summary>The longest summary, in tokens.</summary>
    private const int MaxSummaryTokens = 16_384;

    /// <summary>A result shorter than this is of no use, in bytes.</summary>
    private const int LeastResult = 512;

    /// <summary>The share of the room for input at which the older part is summed up.</summary>
    private const double FullAt = 0.8;

    /// <summary>The share of the room for input that stays as it is.</summary>
    private const double KeptShare = 0.3;

    /// <summary>The share of the room for input that a summary may take.</summary>
    private const double SummaryShare = 0.15;

    /// <summary>The share of the room for input that the results of one turn may take together.</summary>
    private const double ResultsShare = 0.25;

    /// <summary>Whether the older part is to be summed up before the next model call.</summary>
    public static bool IsFull(RunState state) =>
        state.Overflows > 0
        || (state.Turns > Math.Max(1, state.CompactedTurn) && Tokens(state) > Room(state) * FullAt);

    /// <summary>
    /// The window that the model seems to have, when it refused a request for its size: no larger than that request.
    /// </summary>
    public static int LearnedWindow(RunState state) =>
        (int)Math.Min(state.Limits.ContextWindow, (Tokens(state) * 0.95) + state.Limits.MaxOutputTokens);

    /// <summary>
    /// How many bytes of the newest messages stay as they are; fewer each time that the provider refused the request.
    /// </summary>
    public static long KeepBytes(RunState state)
    {
        double share = state.Overflows switch { 0 => KeptShare, 1 => KeptShare / 3, _ => 0 };
        return Math.Max(0, Bytes(state, share) - (state.ContextTokens == 0 ? 0 : state.PendingBytes));
    }

    /// <summary>The bound of the model's answer when it sums up, what it thinks before included.</summary>
    public static int SummaryTokens(RunState state) => Math.Clamp(state.Limits.MaxOutputTokens / 2, 64, MaxSummaryTokens);

    /// <summary>The longest summary, in bytes.</summary>
    public static int SummaryBytes(RunState state) => Bytes(state, SummaryShare);

    /// <summary>The least bytes of a request for a summary that is worth its price.</summary>
    public static long LeastCompactionBytes(RunState state) => state.BaseBytes + LeastCompaction;

    /// <summary>The most bytes of a request for a summary that the window holds.</summary>
    public static long CompactionBytes(RunState state) => Math.Max(LeastCompactionBytes(state), Bytes(state, 1));

    /// <summary>The most bytes that the model is shown of each of a turn's results.</summary>
    /// <param name="state">The run.</param>
    /// <param name="calls">How many results the turn has; at least 1.</param>
    /// <param name="affordable">What the budget allows for all of them.</param>
    public static int ResultBytes(RunState state, int calls, long affordable) =>
        (int)Math.Max(LeastResult, Math.Min(Bytes(state, ResultsShare), affordable) / calls);

    private static double Tokens(RunState state) => state.ContextTokens + (state.PendingBytes / state.Limits.BytesPerToken);

    private static int Bytes(RunState state, double share) =>
        (int)Math.Min(int.MaxValue, Room(state) * share * state.Limits.BytesPerToken);

    private static int Room(RunState state) => Math.Max(1, state.Limits.ContextWindow - state.Limits.MaxOutputTokens);
}
