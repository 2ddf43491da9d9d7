namespace AgentFunctions.Steps;

/// <summary>How long a run waits for a model that takes no call for now, as far as its client or a quota says so.</summary>
internal static class ModelPause
{
    /// <summary>A client that names less, or nothing, would be asked without a pause for as long as it refuses.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>Gets the pause; <see langword="null"/> if the error asks for none.</summary>
    /// <param name="error">What the call reported.</param>
    public static TimeSpan? Of(AgentException error) => error is
    {
        Code: ErrorCode.ModelRateLimited or ErrorCode.ModelUnavailable or ErrorCode.QuotaExceeded,
        RetryAfter: { } asked,
    }
        ? asked < Least ? Least : asked
        : null;
}
