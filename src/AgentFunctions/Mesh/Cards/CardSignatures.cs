using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Keys;

namespace AgentFunctions.Mesh.Cards;

/// <summary>Verifies the signatures of others' cards.</summary>
internal static class CardSignatures
{
    /// <summary>
    /// Gets where the keys of a card's signatures are published; <see langword="null"/> for a signature that names no address.
    /// </summary>
    /// <param name="card">The card.</param>
    public static IReadOnlyList<string?> KeySetsOf(JsonObject card) =>
        [.. SignaturesOf(card).Select(static one => HeaderOf(one)?["jku"]?.GetValue<string>())];

    /// <summary>Determines whether one of some keys has signed a card.</summary>
    /// <param name="card">The card.</param>
    /// <param name="keys">The keys.</param>
    public static bool IsSignedBy(JsonObject card, IReadOnlyList<PublicKey> keys)
    {
        string payload = Base64Url.EncodeToString(CanonicalCard.Of(card));
        return SignaturesOf(card).Any(one =>
            HeaderOf(one) is { } header && header["alg"]?.ToString() == "ES256"
            && keys.Any(key => key.Kid == header["kid"]?.ToString() && Verifies(key, one, payload)));
    }

    private static bool Verifies(PublicKey key, JsonObject signature, string payload)
    {
        try
        {
            return key.Verify(
                Encoding.ASCII.GetBytes($"{signature["protected"]}.{payload}"),
                Base64Url.DecodeFromChars(signature["signature"]?.ToString() ?? ""));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static IEnumerable<JsonObject> SignaturesOf(JsonObject card) =>
        (card["signatures"] as JsonArray ?? []).OfType<JsonObject>();

    private static JsonObject? HeaderOf(JsonObject signature)
    {
        try
        {
            return JsonNode.Parse(Base64Url.DecodeFromChars(signature["protected"]?.ToString() ?? "")) as JsonObject;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
