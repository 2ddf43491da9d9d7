using System.Text;
using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.DurableTask.Payloads;

/// <summary>
/// Carries a payload as the JSON that this library writes, whatever serializer the function app is set up with: as a
/// <see cref="JsonElement"/> it passes through every serializer unchanged.
/// </summary>
internal static class DurablePayload
{
    /// <summary>Durable Task Scheduler takes messages of 1 MB; what surrounds a payload needs some of it.</summary>
    public const int MaxBytes = 1_000_000;

    /// <summary>What both backends keep as custom status: 16 KiB.</summary>
    public const int MaxStatusBytes = 16 * 1024;

    public static JsonElement? Write(object? value, string name, int maxBytes = MaxBytes) =>
        Parse(DurableJson.Serialize(value), name, maxBytes);

    public static JsonElement? Parse(string? json, string name, int maxBytes = MaxBytes)
    {
        if (json is null)
        {
            return null;
        }

        if (Encoding.UTF8.GetByteCount(json) is var bytes && bytes > maxBytes)
        {
            throw new AgentException(
                ErrorCode.PayloadTooLarge,
                $"{name}: {bytes} bytes, at most {maxBytes} pass; keep it as an artifact and send its name.");
        }

        return JsonElement.Parse(json);
    }

    public static string? Text(JsonElement? payload) =>
        payload is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } element ? element.GetRawText() : null;

    public static T Read<T>(JsonElement? payload) => DurableJson.Deserialize<T>(Text(payload))!;
}
