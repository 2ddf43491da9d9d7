using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Keys;
using AgentFunctions.Mesh.Cards;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Mesh.Remote;

/// <summary>The agents of other hosts that the configuration names, and their cards.</summary>
internal sealed class RemoteAgents(IOptions<MeshOptions> options, MeshHttp http, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (RemoteCard Card, long At)> _cards = new(StringComparer.Ordinal);

    /// <summary>Gets their names.</summary>
    public IEnumerable<string> Names => options.Value.Agents.Keys;

    /// <summary>Finds what is configured for a name; <see langword="null"/> for nothing.</summary>
    /// <param name="name">The name.</param>
    public MeshAgentOptions? Find(string name) => options.Value.Agents.TryGetValue(name, out MeshAgentOptions? agent)
        ? agent
        : null;

    /// <summary>Gets the card of an agent, which may be five minutes old.</summary>
    /// <param name="name">The agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: it cannot be read or is not believed.
    /// </exception>
    public async Task<RemoteCard> CardAsync(string name, CancellationToken cancellationToken)
    {
        if (_cards.TryGetValue(name, out (RemoteCard Card, long At) known) && time.GetElapsedTime(known.At) < MaxAge)
        {
            return known.Card;
        }

        MeshAgentOptions agent = Find(name)!;
        var source = new Uri(agent.Card!);
        long now = time.GetTimestamp();
        JsonObject card = await ReadAsync(name, source, cancellationToken).ConfigureAwait(false);
        if (agent.Trust == MeshTrust.SignedCard || agent.Keys.Count > 0)
        {
            await EnsureSignedAsync(name, agent, source, card, cancellationToken).ConfigureAwait(false);
        }

        var read = RemoteCard.Read(card, source);
        _cards[name] = (read, now);
        return read;
    }

    private async Task EnsureSignedAsync(
        string name, MeshAgentOptions agent, Uri source, JsonObject card, CancellationToken cancellationToken)
    {
        foreach (string? address in CardSignatures.KeySetsOf(card).Distinct())
        {
            // Keys of another host would prove that host's word.
            if (Uri.TryCreate(address, UriKind.Absolute, out Uri? keySet) && keySet.Authority == source.Authority
                && keySet.Scheme == source.Scheme)
            {
                JsonObject published = await ReadAsync(name, keySet, cancellationToken).ConfigureAwait(false);
                PublicKey[] keys =
                [
                    .. (published["keys"] as JsonArray ?? []).OfType<JsonObject>()
                        .Select(static key => new PublicKey($"{key["kid"]}", $"{key["x"]}", $"{key["y"]}"))
                        .Where(key => agent.Keys.Count == 0 || (agent.Keys.Contains(key.Kid) && key.Kid == key.Thumbprint())),
                ];
                if (CardSignatures.IsSignedBy(card, keys))
                {
                    return;
                }
            }
        }

        throw Unavailable(name, agent.Keys.Count == 0
            ? "its card has no valid signature of its host"
            : $"its card has no valid signature of a key in Mesh:Agents:{name}:Keys");
    }

    private async Task<JsonObject> ReadAsync(string name, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.SendAsync(
                new HttpRequestMessage(HttpMethod.Get, address), cancellationToken).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return JsonNode.Parse(body, null, new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw Unavailable(name, $"{address.AbsolutePath} is not a JSON object");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException or InvalidOperationException
            or ArgumentException
            && !cancellationToken.IsCancellationRequested)
        {
            throw Unavailable(name,
                $"{address.AbsolutePath} cannot be read: {(e.InnerException as AgentException)?.Message ?? e.Message}");
        }
    }

    private static AgentException Unavailable(string name, string why) => new(
        ErrorCode.ToolUnavailable,
        $"The agent '{name}' cannot be called: {why.TrimEnd('.')}. Try again later or go on without it.");
}
