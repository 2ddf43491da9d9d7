using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Reads what an answer consumed. A count that cannot be one is left out, so that it is estimated and not believed.
/// </summary>
internal static class WireUsage
{
    /// <summary>No window of any model is near this.</summary>
    private const long MostTokens = 1_000_000_000;

    /// <summary>Reads the usage of a chunk or an answer; <see langword="null"/> if it has none that counts anything.</summary>
    /// <param name="root">The chunk or the answer.</param>
    public static UsageDetails? Read(JsonElement root)
    {
        JsonElement? usage = root.Member("usage") ?? root.Member("x_groq")?.Member("usage");
        // Moonshot reports usage within the last choice.
        if (usage is null && root.Member("choices") is { ValueKind: JsonValueKind.Array } choices && choices.GetArrayLength() > 0)
        {
            usage = choices[0].Member("usage");
        }

        if (usage is not { ValueKind: JsonValueKind.Object } counts)
        {
            return null;
        }

        long? input = Count(counts, "prompt_tokens") ?? Count(counts, "input_tokens");
        long? output = Count(counts, "completion_tokens") ?? Count(counts, "output_tokens");
        if (input is null && output is null)
        {
            return null;
        }

        long? cached = Count(counts.Member("prompt_tokens_details") ?? counts.Member("input_tokens_details"), "cached_tokens")
            ?? Count(counts, "cached_tokens") ?? Count(counts, "prompt_cache_hit_tokens");
        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = input is null || output is null ? null : input + output,
            CachedInputTokenCount = cached <= input ? cached : null,
            ReasoningTokenCount = Count(counts.Member("completion_tokens_details") ?? counts.Member("output_tokens_details"),
                "reasoning_tokens"),
        };
    }

    private static long? Count(JsonElement? counts, string name) =>
        counts?.Member(name) is { ValueKind: JsonValueKind.Number } value
            && value.AsWhole() is > 0 and < MostTokens and long count ? count : null;
}
