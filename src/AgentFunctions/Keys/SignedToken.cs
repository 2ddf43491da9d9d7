using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Keys;

/// <summary>JSON Web Tokens signed with ES256 by keys of this host.</summary>
internal static class SignedToken
{
    /// <summary>Signs claims.</summary>
    /// <param name="key">The key.</param>
    /// <param name="type">What kind of token it is, so that none is taken for another.</param>
    /// <param name="claims">What it says.</param>
    public static string Write(SigningKey key, string type, JsonObject claims)
    {
        string head = Encode($$"""{"alg":"ES256","typ":"{{type}}","kid":"{{key.Public.Kid}}"}""");
        string body = $"{head}.{Encode(claims.ToJsonString())}";
        return $"{body}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(body)))}";
    }

    /// <summary>Reads the claims of a token.</summary>
    /// <returns>The claims; <see langword="null"/> if none of the keys signed it as a token of this type.</returns>
    public static JsonElement? Read(PublicKeySet keys, string type, string token)
    {
        string[] parts = token.Split('.');
        if (parts.Length != 3 || !Ascii.IsValid(token))
        {
            return null;
        }

        try
        {
            JsonElement head = Decode(parts[0]);
            bool isOurs = head.GetProperty("alg").GetString() == "ES256" && head.GetProperty("typ").GetString() == type;
            string? kid = head.GetProperty("kid").GetString();
            return isOurs && keys.Keys.FirstOrDefault(key => key.Kid == kid) is { } signer
                && signer.Verify(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]))
                ? Decode(parts[1])
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static JsonElement Decode(string part)
    {
        using JsonDocument document = JsonDocument.Parse(Base64Url.DecodeFromChars(part));
        return document.RootElement.Clone();
    }
}
