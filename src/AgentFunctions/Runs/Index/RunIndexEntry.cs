using System.Text.Json.Serialization;

namespace AgentFunctions.Runs.Index;

/// <summary>
/// One entry of the run index: what became of one run. Names are short, because an entry is written at each transition of each
/// run. Evolved only by addition.
/// </summary>
/// <param name="Kind">What happened: one of the constants.</param>
/// <param name="Id">The run.</param>
/// <param name="At">When, in ticks (UTC).</param>
internal sealed record RunIndexEntry(
    [property: JsonPropertyName("k")] string Kind, [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("at")] long At)
{
    /// <summary>The run is put on record, and may be started from now on.</summary>
    public const string Admitted = "a";

    /// <summary>A run that has ended is about to be taken up again.</summary>
    public const string Resumed = "r";

    /// <summary>Something happened in the run, so it is alive.</summary>
    public const string Moved = "p";

    /// <summary>The step that tells of the end told it. The orchestration may still go on, if news came meanwhile.</summary>
    public const string Ended = "e";

    /// <summary>A reader saw that the orchestration has ended.</summary>
    public const string Confirmed = "c";

    /// <summary>The run was told to end, after its last sign of life that the teller knew.</summary>
    public const string Told = "x";

    /// <summary>The run is being erased: no list has it from now on.</summary>
    public const string Erased = "d";

    /// <summary>What was said and done in the run is erased; it is kept in lists.</summary>
    public const string Emptied = "w";

    /// <summary>The largest entry, in bytes.</summary>
    public const int MaxBytes = 450;

    /// <summary>Gets what the run was started with; <see langword="null"/> if only its record says that.</summary>
    [JsonPropertyName("r")]
    public IndexedRun? Run { get; init; }

    /// <summary>Gets how it ended.</summary>
    [JsonPropertyName("e")]
    public IndexedEnd? End { get; init; }

    /// <summary>Gets the turn: that at work, or for one that is taken up the last one that is over.</summary>
    [JsonPropertyName("t")]
    public int? Turn { get; init; }

    /// <summary>Gets what is being done: the type of the event, with the tool.</summary>
    [JsonPropertyName("n")]
    public string? Now { get; init; }

    /// <summary>Gets the position of the last sign of life that was known when the end was seen, or told.</summary>
    [JsonPropertyName("s")]
    public long? Seen { get; init; }
}
