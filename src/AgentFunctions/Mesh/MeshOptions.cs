using System.ComponentModel.DataAnnotations;

namespace AgentFunctions.Mesh;

/// <summary>
/// Represents the agents of other hosts that agents of this one may call, bound to the configuration section <c>Mesh</c>.
/// </summary>
public sealed class MeshOptions
{
    /// <summary>Names the configuration section.</summary>
    public const string Section = "Mesh";

    /// <summary>Gets the agents by the names that <c>call_agent</c> knows them by.</summary>
    public IDictionary<string, MeshAgentOptions> Agents { get; } =
        new Dictionary<string, MeshAgentOptions>(StringComparer.Ordinal);

    /// <summary>
    /// Gets or sets the pause before the first look at a task, and the least between two. Looks grow rarer with its age.
    /// </summary>
    /// <value>The default is 5 seconds. The range is 0.1 seconds to 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Mesh:PollInterval: use 0.1 seconds to 1 hour.")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long after its start a task is given up, its outcome unknown.</summary>
    /// <value>The default is 1 day. The range is 1 second to 365 days.</value>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00", ErrorMessage = "Mesh:Timeout: use 1 second to 365 days.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Finds what is wrong; <see langword="null"/> for nothing.</summary>
    internal string? Fault()
    {
        foreach ((string name, MeshAgentOptions agent) in Agents)
        {
            if (name.Length > 64 || name.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            {
                return $"Mesh:Agents:{name}: use at most 64 letters, digits, '-' and '_' for the name.";
            }

            if (!Uri.TryCreate(agent.Card, UriKind.Absolute, out Uri? card) || card.Scheme is not ("http" or "https"))
            {
                return $"Mesh:Agents:{name}:Card: use the absolute http or https address of the agent's card.";
            }

            if (agent.Trust == MeshTrust.SignedCard && card.Scheme != "https" && !card.IsLoopback && agent.Keys.Count == 0)
            {
                return $"Mesh:Agents:{name}:Trust: a signature proves nothing if its keys come over http; use https, or pin the key in Keys.";
            }
        }

        return null;
    }
}

/// <summary>Represents an agent of another host.</summary>
public sealed class MeshAgentOptions
{
    /// <summary>Gets or sets the address of its card.</summary>
    public string? Card { get; set; }

    /// <summary>Gets or sets whether its card must be signed.</summary>
    /// <value>The default is <see cref="MeshTrust.Any"/>.</value>
    public MeshTrust Trust { get; set; }

    /// <summary>
    /// Gets the thumbprints (<c>kid</c>) of the keys that may have signed its card. By default none: those that the card's own
    /// host publishes.
    /// </summary>
    public IList<string> Keys { get; } = [];

    /// <summary>
    /// Gets or sets whether calls carry a token of the run (<c>Authorization: Bearer</c>), good for that host alone.
    /// </summary>
    public bool RunToken { get; set; }

    /// <summary>Gets or sets whom the token is for.</summary>
    /// <value>The default is <see langword="null"/>, which is scheme, host and port of the agent.</value>
    public string? Audience { get; set; }

    /// <summary>Gets the scopes of the token; a run that lacks one of them cannot call the agent.</summary>
    public IList<string> Scopes { get; } = [];

    /// <summary>Gets further headers of requests, best with <c>${secret:NAME}</c> for credentials.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}

/// <summary>Specifies which cards are believed.</summary>
public enum MeshTrust
{
    /// <summary>Any card at the configured address.</summary>
    Any,

    /// <summary>Only a card with a valid signature.</summary>
    SignedCard,
}
