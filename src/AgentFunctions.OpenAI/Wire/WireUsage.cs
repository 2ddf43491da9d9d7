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
        long? cached = Count(counts.Member("prompt_tokens_details") ?? counts.Member("input_tokens_details"), "cached_tokens")
            ?? Count(counts, "cached_tokens") ?? Count(counts, "prompt_cache_hit_tokens");
        long? reasoning = Count(counts.Member("completion_tokens_details") ?? counts.Member("output_tokens_details"),
            "reasoning_tokens");
        long? output = Output(counts, input, cached, reasoning);
        if (input is null && output is null)
        {
            return null;
        }

        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = input is null || output is null ? null : input + output,
            CachedInputTokenCount = cached <= input ? cached : null,
            ReasoningTokenCount = reasoning,
        };
    }

    /// <summary>
    /// Counts all that is paid as output. xAI, and gateways to Gemini, count reasoning beside the completion: only the total, if
    /// any, has it.
    /// </summary>
    private static long? Output(JsonElement counts, long? input, long? cached, long? reasoning)
    {
        long? said = Count(counts, "completion_tokens") ?? Count(counts, "output_tokens");
        long? total = Count(counts, "total_tokens");
        if (input is null || total is null)
        {
            // A part cannot be more than the whole.
            return reasoning > (said ?? 0) ? (said ?? 0) + reasoning : said;
        }

        long? beside = total - input - (said ?? 0);
        // Some totals count the cached part of the input once more.
        bool isOutput = beside > 0 && beside != cached && (reasoning is null ? cached is null : beside >= reasoning);
        return isOutput ? (said ?? 0) + (reasoning ?? beside) : said ?? reasoning;
    }

    private static long? Count(JsonElement? counts, string name) =>
        counts?.Member(name) is { ValueKind: JsonValueKind.Number } value
            && value.AsWhole() is > 0 and < MostTokens and long count ? count : null;
}
