using System.Collections.Concurrent;

namespace AgentFunctions.Models.Resilience;

/// <summary>The gates of this process: one for each model of the catalog, shared by all runs.</summary>
internal sealed class ModelConcurrency(TimeProvider time)
{
    /// <summary>The most calls at once of a model whose configuration says nothing.</summary>
    public const int DefaultMost = 256;

    private readonly ConcurrentDictionary<string, AdaptiveConcurrencyLimiter> _gates = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The gate of a model.</summary>
    /// <param name="model">The name in the catalog.</param>
    /// <param name="most">The most calls at once, for a gate that is new.</param>
    public AdaptiveConcurrencyLimiter Of(string model, int most = DefaultMost) =>
        _gates.GetOrAdd(model, _ => new AdaptiveConcurrencyLimiter(most, time));
}
