using System.Text.Json.Serialization;

namespace AgentFunctions.Agents.ToolServers;

/// <summary>
/// Represents how the host signs in to a tool server behind OAuth. Read from <c>oauth</c> of an <c>.mcp.json</c>.
/// </summary>
/// <remarks>
/// Nothing need be set where a person signs in (<c>agentfunctions mcp login NAME</c>) and the server's authorization server
/// registers clients by itself. Texts may hold <c>${secret:NAME}</c> and <c>${VAR}</c>.
/// </remarks>
public sealed record ToolServerSignIn
{
    /// <summary>
    /// Gets the client's id, as the authorization server gave it; <see langword="null"/>, the default, to register by itself.
    /// </summary>
    public string? ClientId { get; init; }

    /// <summary>Gets the client's secret; <see langword="null"/>, the default, for none.</summary>
    [JsonIgnore]
    public string? ClientSecret { get; init; }

    /// <summary>
    /// Gets the address of the client's metadata document, which is its id for authorization servers that take one;
    /// <see langword="null"/>, the default, for none.
    /// </summary>
    public string? ClientMetadataUrl { get; init; }

    /// <summary>Gets the scopes to ask for where the server names none; none by default.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Gets the port of this machine that the browser is sent back to; 0, the default, for any.</summary>
    public int CallbackPort { get; init; }

    /// <summary>
    /// Gets how the host gets tokens without a person; <see langword="null"/>, the default, if a person signs in.
    /// </summary>
    public SignInGrant? Grant { get; init; }

    /// <summary>Gets the address that gives out tokens; needed with <see cref="Grant"/>.</summary>
    public string? TokenEndpoint { get; init; }

    /// <summary>Gets the token that <see cref="SignInGrant.RefreshToken"/> begins with.</summary>
    [JsonIgnore]
    public string? RefreshToken { get; init; }
}

/// <summary>Specifies how a host without a person gets tokens.</summary>
public enum SignInGrant
{
    /// <summary>The host is a client with rights of its own.</summary>
    ClientCredentials,

    /// <summary>A person's sign-in was made elsewhere, and the host was given its refresh token.</summary>
    RefreshToken,
}
