using AgentFunctions.Models;

namespace AgentFunctions.OpenAI.Providers;

/// <summary>
/// Moonshot's Kimi. A thinking model answers 400 when an assistant message that called a tool comes back without its
/// <c>reasoning_content</c>, and when the temperature is not 1. Source: https://platform.kimi.ai/docs.
/// </summary>
internal sealed record MoonshotProvider() : ModelProvider("moonshot")
{
    public override string KeyVariable => "MOONSHOT_API_KEY";

    public override string EndpointVariable => "MOONSHOT_BASE_URL";

    public override string ModelVariable => "MOONSHOT_MODEL";

    public override string DefaultEndpoint => "https://api.moonshot.ai/v1";

    public override string DefaultModel => "kimi-k2.5";

    protected override ModelProfile Known(string model)
    {
        ModelProfile profile = base.Known(model);
        if (model.StartsWith("moonshot-v1", StringComparison.Ordinal))
        {
            return profile with
            {
                ContextWindow = model.Contains("8k", StringComparison.Ordinal)
                    && !model.Contains("128k", StringComparison.Ordinal) ? 8_192
                    : model.Contains("32k", StringComparison.Ordinal) ? 32_768 : 131_072,
                MaxOutputTokens = 4_096,
            };
        }

        // The previews of K2 answer at once; all later ones, and those named so, think first.
        bool thinks = model.Contains("thinking", StringComparison.Ordinal)
            || !(model == "kimi-k2" || model.StartsWith("kimi-k2-", StringComparison.Ordinal));
        return profile with
        {
            ContextWindow = 262_144,
            MaxOutputTokens = thinks ? 32_768 : 8_192,
            Temperature = thinks ? 1.0f : 0.6f,
            ReturnsReasoning = thinks,
        };
    }

    protected override bool ServesAt(string host) => host is "api.moonshot.ai" or "api.moonshot.cn";
}
