using System.Text.Json.Serialization;

namespace AgentFunctions.Runs.Index;

/// <summary>
/// What the index knows of a run from its start: enough to filter by it, and to show it if nothing is left out.
/// </summary>
internal sealed record IndexedRun
{
    [JsonPropertyName("a")]
    public required string Agent { get; init; }

    [JsonPropertyName("m")]
    public required string Model { get; init; }

    /// <summary>Gets the goal; <see langword="null"/> if it was left out.</summary>
    [JsonPropertyName("g")]
    public string? Goal { get; init; }

    /// <summary>Gets the goal as it is stored: under the key of the run tree, so that it goes with it.</summary>
    [JsonPropertyName("s")]
    public string? SealedGoal { get; init; }

    [JsonPropertyName("l")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonPropertyName("q")]
    public required string Requester { get; init; }

    [JsonPropertyName("p")]
    public string? Parent { get; init; }

    [JsonPropertyName("o")]
    public RunOrigin? Origin { get; init; }

    [JsonPropertyName("f")]
    public ForkOrigin? ForkedFrom { get; init; }

    [JsonPropertyName("y")]
    public RunPriority? Priority { get; init; }

    /// <summary>Gets when it was admitted, in ticks (UTC).</summary>
    [JsonPropertyName("c")]
    public required long CreatedAt { get; init; }

    /// <summary>Gets whether the record has more than the index.</summary>
    [JsonPropertyName("x")]
    public bool? HasMore { get; init; }

    public static IndexedRun Of(RunRecord run) => new()
    {
        Agent = run.Agent,
        Model = run.Model,
        Goal = run.Goal,
        Labels = run.Labels.Count == 0 ? null : run.Labels,
        Requester = run.Requester,
        Parent = run.Parent,
        Origin = run.Origin,
        ForkedFrom = run.OwnOrigin,
        Priority = run.Priority == RunPriority.Normal ? null : run.Priority,
        CreatedAt = run.CreatedAt.UtcTicks,
        HasMore = run.Acceptance is null && run.Input is null ? null : true,
    };

    /// <summary>The record as far as lists look at it; hashes, folder and rights are not in the index.</summary>
    public RunRecord ToRecord(string id) => new()
    {
        Id = id,
        Agent = Agent,
        DefinitionHash = "",
        Model = Model,
        Goal = Goal ?? "",
        Labels = Labels ?? new Dictionary<string, string>(),
        Requester = Requester,
        Parent = Parent,
        Origin = Origin,
        ForkedFrom = ForkedFrom,
        Priority = Priority ?? RunPriority.Normal,
        CreatedAt = new DateTimeOffset(CreatedAt, TimeSpan.Zero),
    };
}
