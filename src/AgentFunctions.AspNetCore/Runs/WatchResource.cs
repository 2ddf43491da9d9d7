namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run that is no longer in a list that is watched.</summary>
/// <param name="Id">The run.</param>
internal sealed record RunGoneResource(string Id);

/// <summary>The numbers of a list that is watched.</summary>
/// <param name="Counts">How many runs match the filters but for status and waits.</param>
/// <param name="Total">How many runs match all filters.</param>
internal sealed record WatchCountsResource(RunCountsResource Counts, int Total);
