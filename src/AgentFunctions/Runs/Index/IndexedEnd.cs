using System.Text.Json.Serialization;

namespace AgentFunctions.Runs.Index;

/// <summary>How a run ended: the numbers that a list shows.</summary>
internal sealed record IndexedEnd
{
    [JsonPropertyName("s")]
    public required RunStatus Status { get; init; }

    /// <summary>Gets when, in ticks (UTC).</summary>
    [JsonPropertyName("at")]
    public required long At { get; init; }

    [JsonPropertyName("t")]
    public int Turns { get; init; }

    [JsonPropertyName("n")]
    public int Steps { get; init; }

    [JsonPropertyName("c")]
    public int CriticalSteps { get; init; }

    [JsonPropertyName("i")]
    public long InputTokens { get; init; }

    [JsonPropertyName("o")]
    public long OutputTokens { get; init; }

    [JsonPropertyName("k")]
    public long CachedTokens { get; init; }

    [JsonPropertyName("d")]
    public decimal Usd { get; init; }

    [JsonPropertyName("a")]
    public int SubAgents { get; init; }

    /// <summary>Gets the time that it took, in ticks; <see langword="null"/> if nothing is known of its budget.</summary>
    [JsonPropertyName("w")]
    public long? WallClock { get; init; }

    /// <summary>Gets the parts of the budget that were limited: steps, tokens, dollars, ticks, sub-agents.</summary>
    [JsonPropertyName("b")]
    public IReadOnlyList<decimal?>? Granted { get; init; }

    [JsonPropertyName("r")]
    public string? Code { get; init; }

    [JsonPropertyName("m")]
    public string? Message { get; init; }

    /// <summary>Gets the message as it is stored: under the key of the run tree, so that it goes with it.</summary>
    [JsonPropertyName("z")]
    public string? SealedMessage { get; init; }

    /// <summary>Gets whether the message was left out because it is too long; the orchestration has it.</summary>
    [JsonPropertyName("x")]
    public bool? HasMore { get; init; }
}
