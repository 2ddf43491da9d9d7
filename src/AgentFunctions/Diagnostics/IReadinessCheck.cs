namespace AgentFunctions.Diagnostics;

/// <summary>Checks something that the host needs to serve runs.</summary>
public interface IReadinessCheck
{
    /// <summary>Checks it. Faults are returned, not thrown.</summary>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken);
}

/// <summary>Specifies how far the host can serve runs.</summary>
public enum ReadinessStatus
{
    /// <summary>All is well.</summary>
    Ok,

    /// <summary>Runs are served, but something needs a person.</summary>
    Degraded,

    /// <summary>Runs cannot be served.</summary>
    Failed,
}

/// <summary>Represents the result of a readiness check.</summary>
/// <param name="Name">What it is, such as <c>policy</c>.</param>
/// <param name="Status">How it is.</param>
/// <param name="Message">What is wrong and how to mend it; <see langword="null"/> if all is well.</param>
public sealed record ReadinessItem(string Name, ReadinessStatus Status = ReadinessStatus.Ok, string? Message = null);
