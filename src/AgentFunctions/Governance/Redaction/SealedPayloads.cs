using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// The payloads of an engine: masked in its history, with the whole truth sealed in one more member. Engines may write JSON
/// anew in their own way, so nothing depends on the bytes around it.
/// </summary>
internal sealed class SealedPayloads(Redactor redactor, Func<TreeKeys> keys) : IPayloadGuard
{
    private const string Version = "1";
    private const string Sealed = "~sealed";
    private const string Value = "~value";

    private static ReadOnlySpan<byte> Place => "agentfunctions/payload"u8;

    public string? Close(string? json, string? instanceId)
    {
        if (json is null || !redactor.MayFind(json))
        {
            return json;
        }

        byte[] data = Encoding.UTF8.GetBytes(json);
        IReadOnlyList<SecretMask> masks = redactor.FindInJson(data);
        if (masks.Count == 0)
        {
            return json;
        }

        string root = TreeKeys.RootOf(instanceId);
        string shown = Encoding.UTF8.GetString(Redactor.Show(data, masks).Span);
        string begin = shown[0] == '{' ? shown[..^1] : $"{{\"{Value}\":{shown}";
        return $"{begin},\"{Sealed}\":\"{Version}.{root}.{Base64Url.EncodeToString(keys().Get(root).Seal(data, Place))}\"}}";
    }

    public string? Open(string? json)
    {
        if (json is null || !json.Contains(Sealed, StringComparison.Ordinal))
        {
            return json;
        }

        JsonElement payload = JsonElement.Parse(json);
        if (payload.ValueKind != JsonValueKind.Object || !payload.TryGetProperty(Sealed, out JsonElement member)
            || member.ValueKind != JsonValueKind.String || member.GetString()!.Split('.') is not [Version, var root, var text])
        {
            return json;
        }

        byte[]? truth = keys().Find(root) is { } key && TryDecode(text) is { } value ? key.Open(value, Place) : null;
        return truth is not null ? Encoding.UTF8.GetString(truth) : throw new AgentException(
            ErrorCode.DataFileUnusable,
            $"A payload of run tree '{root}' cannot be opened: it was altered, or its key is gone. Restore the key folder and the data from one backup.");
    }

    public string Mask(string text) => redactor.Redact(text);

    private static byte[]? TryDecode(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
