using System.Text;
using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>The bounds of what an orchestrator may hand over.</summary>
/// <param name="MaxPayloadBytes">Of one payload.</param>
/// <param name="MaxCustomStatusBytes">Of the custom status.</param>
internal sealed record OrchestrationLimits(int MaxPayloadBytes, int MaxCustomStatusBytes)
{
    /// <summary>The bounds that options set.</summary>
    /// <param name="options">The options.</param>
    public static OrchestrationLimits Of(SqliteEngineOptions options) =>
        new(options.MaxPayloadBytes, options.MaxCustomStatusBytes);

    /// <summary>Writes a payload as JSON.</summary>
    /// <param name="value">The payload.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.PayloadTooLarge"/>.</exception>
    public string? Serialize(object? value, string what) => Check(DurableJson.Serialize(value), what, MaxPayloadBytes);

    /// <summary>Lets a payload pass, or says that it is too large.</summary>
    /// <param name="json">The payload as JSON.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="limit">The most bytes.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.PayloadTooLarge"/>.</exception>
    public static string? Check(string? json, string what, int limit)
    {
        // A UTF-16 unit becomes at most three bytes, so most texts need no count.
        if (json is null || json.Length <= limit / 3)
        {
            return json;
        }

        int bytes = Encoding.UTF8.GetByteCount(json);
        return bytes <= limit ? json : throw new AgentException(
            ErrorCode.PayloadTooLarge,
            $"The {what} has {bytes:N0} bytes, the limit is {limit:N0}; keep large content in a store and pass its key.");
    }
}
