using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.Keys;

namespace AgentFunctions.Mesh.Cards;

/// <summary>
/// Signs the cards of this host's agents with keys that sign nothing else, so that no signature of a card passes for a token.
/// </summary>
public sealed class CardKeys
{
    /// <summary>The purpose of the keys among those of the host.</summary>
    internal const string Purpose = "cards";

    private readonly SigningKeys _keys;

    internal CardKeys(SigningKeys keys) => _keys = keys;

    /// <summary>Gets the public keys, newest first.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<PublicKeySet> PublishedAsync(CancellationToken cancellationToken = default) =>
        _keys.PublishedAsync(cancellationToken);

    /// <summary>Gets what other hosts know this one by: the thumbprint of its first key, which never changes.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<string> HostIdAsync(CancellationToken cancellationToken = default) =>
        (await PublishedAsync(cancellationToken).ConfigureAwait(false)).Keys[^1].Kid;

    /// <summary>Signs a card (JWS over its canonical form). ECDSA signatures differ each time.</summary>
    /// <param name="card">The card, to which the signature is added.</param>
    /// <param name="keySet">The address of the public keys.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task SignAsync(JsonObject card, string keySet, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(card);
        SigningKey key = await _keys.CurrentAsync(cancellationToken).ConfigureAwait(false);
        var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JOSE", ["kid"] = key.Public.Kid, ["jku"] = keySet };
        string head = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString()));
        string body = $"{head}.{Base64Url.EncodeToString(CanonicalCard.Of(card))}";
        card["signatures"] = new JsonArray(new JsonObject
        {
            ["protected"] = head,
            ["signature"] = Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(body))),
        });
    }
}
