using AgentFunctions.Models;

namespace AgentFunctions.OpenAI.Providers;

/// <summary>OpenAI, and every endpoint that speaks its protocol without ways of its own.</summary>
internal sealed record OpenAIProvider() : ModelProvider("openai")
{
    public override string KeyVariable => "OPENAI_API_KEY";

    public override string EndpointVariable => "OPENAI_BASE_URL";

    public override string ModelVariable => "OPENAI_MODEL";

    public override string DefaultEndpoint => "https://api.openai.com/v1";

    public override string DefaultModel => "gpt-5-mini";

    protected override ModelProfile Known(string model)
    {
        ModelProfile profile = base.Known(model);
        return model switch
        {
            _ when model.StartsWith("gpt-4.1", StringComparison.Ordinal) =>
                profile with { ContextWindow = 1_047_576, MaxOutputTokens = 32_768 },
            _ when model.StartsWith("gpt-5", StringComparison.Ordinal) =>
                profile with { ContextWindow = 400_000, MaxOutputTokens = 32_768 },
            _ when model is ['o', >= '1' and <= '9', ..] =>
                profile with { ContextWindow = 200_000, MaxOutputTokens = 32_768 },
            _ => profile,
        };
    }
}
