namespace AgentFunctions.Monitors.Signals;

/// <summary>A way to look at something without a model. Looks only, and never changes what it looks at.</summary>
internal interface ISignalCheck
{
    /// <summary>Whether a signal is of this kind.</summary>
    bool Handles(SignalDefinition signal);

    /// <summary>Looks once. What it throws counts as a breach: a monitor that cannot see must say so.</summary>
    /// <param name="signal">What to look at.</param>
    /// <param name="last">What was remembered from the last look.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="cancellationToken">The token that is cancelled at the time-out of the check.</param>
    Task<Observation> LookAsync(SignalDefinition signal, SignalMemory last, DateTimeOffset now,
        CancellationToken cancellationToken);
}
