using AgentFunctions.Core;

namespace AgentFunctions.Records;

/// <summary>Represents a request that its sender may repeat under a key.</summary>
/// <param name="Requester">Who sends it: two callers' equal keys are two keys.</param>
/// <param name="Key">The key: 1 to 200 characters.</param>
/// <param name="Body">What is asked for, in bytes that are the same whenever the same is asked for.</param>
public sealed record KeyedRequest(string Requester, string Key, ReadOnlyMemory<byte> Body)
{
    /// <summary>Creates a request of parts.</summary>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="key">The key; <see langword="null"/> if the request has none.</param>
    /// <param name="parts">What is asked for, the kind of request first.</param>
    /// <returns>The request; <see langword="null"/> if it has no key.</returns>
    public static KeyedRequest? Of(string requester, string? key, params string?[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return key is null
            ? null
            : new KeyedRequest(
                requester, key,
                System.Text.Json.JsonSerializer.SerializeToUtf8Bytes([.. parts.Select(static part => part ?? "")],
                    CoreJsonContext.Default.StringArray));
    }
}
