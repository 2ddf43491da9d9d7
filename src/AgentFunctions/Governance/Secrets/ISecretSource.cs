namespace AgentFunctions.Governance.Secrets;

/// <summary>
/// Represents a source of secrets. Sources are asked in the order of their registration; the first that knows a name answers.
/// </summary>
public interface ISecretSource
{
    /// <summary>Gets the name of the source, for people who look for a secret.</summary>
    string Name { get; }

    /// <summary>Finds a secret.</summary>
    /// <param name="name">Its name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The value; <see langword="null"/> if there is none of that name.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: the place cannot be reached, or refuses.
    /// </exception>
    Task<string?> FindAsync(string name, CancellationToken cancellationToken = default);
}
