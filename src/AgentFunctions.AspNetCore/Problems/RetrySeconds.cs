namespace AgentFunctions.AspNetCore.Problems;

/// <summary>After how many seconds a client is told to repeat a request: the only place that knows.</summary>
internal static class RetrySeconds
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);

    /// <summary>Gets the seconds of an error, rounded up.</summary>
    /// <param name="e">The error.</param>
    public static long Of(AgentException e) => Math.Max(1, (long)Math.Ceiling((e.RetryAfter ?? Usual).TotalSeconds));
}
