using System.Text.Json;

namespace AgentFunctions.Models.OpenAIProtocol;

/// <summary>The error that a provider sent: <c>{"error":{"message","type","code"}}</c>, or what stands in its place.</summary>
internal sealed record ProviderError(string Message, string Code, string Type, bool IsHtml)
{
    public bool IsContentFilter => Is("content_filter") || Is("content_policy_violation");

    // Only OpenAI and Azure give it a code; the others put it into words of their own.
    public bool IsContextExceeded => Is("context_length_exceeded") || Says("maximum context length") || Says("context window")
        || Says("context length") || Says("exceeded model token limit") || Says("prompt is too long");

    public bool IsOutOfQuota => Is("insufficient_quota") || Is("exceeded_current_quota_error");

    public bool IsModelUnknown => Is("model_not_found") || Is("DeploymentNotFound") || Is("resource_not_found_error");

    public bool IsRateLimit => Is("rate_limit_exceeded") || Is("rate_limit_reached_error") || Is("rate_limit_error");

    public static ProviderError Parse(string body)
    {
        string trimmed = body.Trim();
        if (trimmed.StartsWith('<'))
        {
            return new(trimmed, "", "", IsHtml: true);
        }

        try
        {
            using var parsed = JsonDocument.Parse(trimmed);
            JsonElement error = parsed.RootElement;
            if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("error", out JsonElement inner))
            {
                error = inner;
            }

            return error.ValueKind switch
            {
                JsonValueKind.Object => new(Text(error, "message") ?? trimmed, Text(error, "code") ?? "", Text(error, "type") ?? "", false),
                JsonValueKind.String => new(error.GetString()!, "", "", false),
                _ => new(trimmed, "", "", false),
            };
        }
        catch (JsonException)
        {
            return new(trimmed.Length > 0 ? trimmed : "no words", "", "", false);
        }
    }

    private static string? Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out JsonElement value) && value.ValueKind is (JsonValueKind.String or JsonValueKind.Number)
            ? value.ToString()
            : null;

    private bool Is(string code) => Code == code || Type == code;

    private bool Says(string words) => Message.Contains(words, StringComparison.OrdinalIgnoreCase);
}
