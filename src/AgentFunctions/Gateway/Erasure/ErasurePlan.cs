using AgentFunctions.Ledger;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Represents what the erasure of a run tree would delete.</summary>
/// <param name="Run">The root of the tree.</param>
public sealed record ErasurePlan(string Run)
{
    /// <summary>Gets why it would be refused; <see langword="null"/> if it would not.</summary>
    public string? Refusal { get; init; }

    /// <summary>Gets the number of runs, the root included.</summary>
    public int Runs { get; init; }

    /// <summary>Gets the number of records by their kind.</summary>
    public IReadOnlyDictionary<string, int> Records { get; init; } = new Dictionary<string, int>();

    /// <summary>Gets the number of entries of logs by their kind.</summary>
    public IReadOnlyDictionary<string, long> Entries { get; init; } = new Dictionary<string, long>();

    /// <summary>Gets the number of files and large messages.</summary>
    public int Contents { get; init; }

    /// <summary>Gets those of them that stay because other trees use the same.</summary>
    public int SharedContents { get; init; }

    /// <summary>Gets the folder that it works in.</summary>
    public string? Workspace { get; init; }

    /// <summary>Gets the notes that its runs wrote for later runs; they go only if that is asked for.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Gets the calls whose outcome is unknown.</summary>
    public IReadOnlyList<PendingEffect> UnknownEffects { get; init; } = [];

    /// <summary>
    /// Gets the number of entries of the audit log, written by earlier versions, whose words cannot be erased: they end with the
    /// log.
    /// </summary>
    public int AuditEntriesInClear { get; init; }
}
