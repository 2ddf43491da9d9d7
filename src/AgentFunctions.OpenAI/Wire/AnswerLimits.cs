namespace AgentFunctions.OpenAI.Wire;

/// <summary>What bounds one answer.</summary>
/// <param name="Idle">How long a stream may bring nothing that counts.</param>
/// <param name="Total">How long a stream may take.</param>
/// <param name="Bytes">The most bytes.</param>
internal sealed record AnswerLimits(TimeSpan Idle, TimeSpan Total, long Bytes)
{
    /// <summary>How long the connection may stay open after the answer's end, for the usage that follows it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Gets the limits of a configured model.</summary>
    /// <param name="options">The model as it is configured.</param>
    public static AnswerLimits Of(ModelOptions options) =>
        new(options.StreamIdleTimeout, options.AnswerTimeout, options.MaxAnswerBytes);
}
