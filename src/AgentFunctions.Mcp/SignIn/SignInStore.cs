using System.Text;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Keys;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>
/// Keeps the sign-ins of tool servers, each by its server's address, sealed with a key that the host's own key wraps.
/// </summary>
internal sealed class SignInStore(ISignInBacking backing, TreeKeys keys)
{
    /// <summary>
    /// Gets the sign-in of a server; <see langword="null"/> if there is none, or none that this host's key opens.
    /// </summary>
    public async Task<SignInRecord?> FindAsync(Uri server, CancellationToken cancellationToken)
    {
        if (await backing.FindAsync(NameOf(server), cancellationToken).ConfigureAwait(false) is not { } kept
            || await keys.FindAsync(TreeKeys.HostTree, cancellationToken).ConfigureAwait(false) is not { } key)
        {
            return null;
        }

        return key.Open(kept, PlaceOf(server)) is { } opened
            ? JsonSerializer.Deserialize(opened, SignInJsonContext.Default.SignInRecord)
            : null;
    }

    /// <summary>Keeps the sign-in of a server.</summary>
    public async Task PutAsync(Uri server, SignInRecord record, CancellationToken cancellationToken)
    {
        TreeKey key = await keys.GetAsync(TreeKeys.HostTree, cancellationToken).ConfigureAwait(false);
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(record, SignInJsonContext.Default.SignInRecord);
        await backing.PutAsync(NameOf(server), key.Seal(text, PlaceOf(server)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets the sign-in of a server.</summary>
    public Task DeleteAsync(Uri server, CancellationToken cancellationToken) =>
        backing.DeleteAsync(NameOf(server), cancellationToken);

    private static string NameOf(Uri server) =>
        TextHash.Of(server.AbsoluteUri);

    private static byte[] PlaceOf(Uri server) => Encoding.UTF8.GetBytes($"sign-ins/{server.AbsoluteUri}");
}

/// <summary>Represents the sign-in to a tool server.</summary>
internal sealed record SignInRecord
{
    /// <summary>Gets the token that requests carry; <see langword="null"/> if a person has to sign in first.</summary>
    public string? AccessToken { get; init; }

    public string? TokenType { get; init; }

    public string? RefreshToken { get; init; }

    public int? ExpiresIn { get; init; }

    public string? Scope { get; init; }

    public DateTimeOffset ObtainedAt { get; init; }

    public string? ClientId { get; init; }

    public string? ClientSecret { get; init; }

    public string? TokenEndpointAuthMethod { get; init; }

    public string? AuthorizationServer { get; init; }

    /// <summary>
    /// Gets the scopes that the server asked for when the sign-in did not reach; <see langword="null"/> for none.
    /// </summary>
    public IReadOnlyList<string>? WantedScopes { get; init; }

    /// <summary>Gets until when the token is good; <see langword="null"/> if that is not known.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public DateTimeOffset? Until => ExpiresIn is { } seconds ? ObtainedAt + TimeSpan.FromSeconds(seconds) : null;
}
