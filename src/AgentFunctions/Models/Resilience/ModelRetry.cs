namespace AgentFunctions.Models.Resilience;

/// <summary>A model call that failed and is made again.</summary>
/// <param name="Model">The model.</param>
/// <param name="Code">What went wrong.</param>
/// <param name="Message">In words.</param>
/// <param name="Pause">How long until it is made again.</param>
/// <param name="IsPostponed">Whether the run waits meanwhile; otherwise the client itself repeats the request.</param>
internal sealed record ModelRetry(string Model, ErrorCode Code, string Message, TimeSpan Pause, bool IsPostponed = false)
{
    private static readonly AsyncLocal<Func<ModelRetry, ValueTask>?> Observer = new();

    /// <summary>
    /// Has the retries of the present flow of calls told to somebody. The client library between has no place to carry it.
    /// </summary>
    /// <param name="observer">Told each retry.</param>
    public static void Observe(Func<ModelRetry, ValueTask>? observer) => Observer.Value = observer;

    /// <summary>Tells whoever follows the present flow of calls.</summary>
    public ValueTask ReportAsync() => Observer.Value?.Invoke(this) ?? ValueTask.CompletedTask;
}
