using AgentFunctions.Models;

namespace AgentFunctions.OpenAI.Providers;

/// <summary>
/// DeepSeek, whose reasoning goes back with tool calls. Source: https://api-docs.deepseek.com/guides/thinking_mode.
/// </summary>
internal sealed record DeepSeekProvider() : ModelProvider("deepseek")
{
    public override string KeyVariable => "DEEPSEEK_API_KEY";

    public override string DefaultEndpoint => "https://api.deepseek.com/v1";

    public override string DefaultModel => "deepseek-chat";

    protected override ModelProfile Known(string model) => base.Known(model) with { ReturnsReasoning = true };

    protected override bool ServesAt(string host) => host is "api.deepseek.com";
}
