namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Represents up to where a caller was told of a run.</summary>
/// <param name="At">The first position of the journal that it was not told of.</param>
/// <param name="Told">What it was told beyond the events before that position; <see langword="null"/> for nothing.</param>
internal sealed record RunPlace(long At, ToldPart? Told = null)
{
    /// <summary>The beginning of a run.</summary>
    public static readonly RunPlace Begin = new(0);
}

/// <summary>What a caller was told of steps that were not recorded as ended by then. Members are only added.</summary>
internal sealed record ToldPart
{
    /// <summary>Gets how much of an answer was told; <see langword="null"/> for none.</summary>
    public ToldWords? Words { get; init; }

    /// <summary>Gets the calls that were told, and whose results were not; <see langword="null"/> for none.</summary>
    public IReadOnlyList<ToldCall>? Calls { get; init; }
}

/// <summary>The words of an answer that were told before it was recorded.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Length">Their number of UTF-16 units.</param>
/// <param name="Hash">Their hash, by which an answer that was begun again is told from the same one.</param>
internal sealed record ToldWords(int Turn, int Length, string Hash);

/// <summary>A call that was told.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Call">Its number within the turn.</param>
internal sealed record ToldCall(int Turn, int Call)
{
    /// <summary>Gets whether the caller executes it; <see langword="null"/> if it does not.</summary>
    public bool? IsOfCaller { get; init; }
}
