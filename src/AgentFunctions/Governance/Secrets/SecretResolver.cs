using System.Collections.Concurrent;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Governance.Secrets;

/// <summary>
/// Finds the values of named secrets at the moment that they are used; from then on they are taken out of all that is written.
/// </summary>
internal sealed class SecretResolver(IEnumerable<ISecretSource> sources, Redactor redactor)
{
    private readonly ISecretSource[] _sources = [.. sources];
    private readonly ConcurrentDictionary<string, string> _registered = new(StringComparer.Ordinal);

    /// <summary>A secret's value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="place">Where it is needed, for the error.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: there is none, or it is too short to be kept out of what is written.
    /// <see cref="ErrorCode.ToolUnavailable"/>: its place cannot be reached.
    /// </exception>
    public async Task<string> ResolveAsync(string name, string place, CancellationToken cancellationToken)
    {
        foreach (ISecretSource source in _sources)
        {
            if (await source.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { Length: > 0 } value)
            {
                continue;
            }

            if (value.Length < Redactor.ShortestSecret)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"{place}: the secret '{name}' has fewer than {Redactor.ShortestSecret} characters, so it could not be kept out of what is written; use a longer one.");
            }

            if (!_registered.TryGetValue(name, out string? before) || before != value)
            {
                redactor.Add(name, value);
                _registered[name] = value;
            }

            return value;
        }

        throw new AgentException(
            ErrorCode.InvalidInput,
            $"{place}: there is no secret '{name}'; looked in {string.Join(" and in ", _sources.Select(static source => source.Name))}.");
    }
}
