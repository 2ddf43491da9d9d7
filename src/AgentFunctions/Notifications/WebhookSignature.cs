using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.Notifications;

/// <summary>Signs messages as Standard Webhooks has it: HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
/// <remarks>
/// The specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
/// </remarks>
internal static class WebhookSignature
{
    private const string SecretPrefix = "whsec_";

    public static string Sign(string secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] key = secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
            ? Convert.FromBase64String(secret[SecretPrefix.Length..])
            : Encoding.UTF8.GetBytes(secret);
        byte[] content = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, content))}";
    }
}
