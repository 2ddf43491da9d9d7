using AgentFunctions.Models;

namespace AgentFunctions.OpenAI.Providers;

/// <summary>
/// Azure OpenAI through its version-free endpoint. Source:
/// https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle.
/// </summary>
internal sealed record AzureProvider() : ModelProvider("azure")
{
    public override string KeyVariable => "AZURE_OPENAI_API_KEY";

    public override string EndpointVariable => "AZURE_OPENAI_ENDPOINT";

    public override string ModelVariable => "AZURE_OPENAI_DEPLOYMENT";

    public override string ExampleEndpoint => "https://NAME.openai.azure.com";

    public override Uri Address(ModelOptions options)
    {
        string endpoint = options.Endpoint!.TrimEnd('/');
        return new(endpoint.EndsWith("/openai/v1", StringComparison.OrdinalIgnoreCase) ? endpoint : endpoint + "/openai/v1");
    }

    /// <summary>The scope of the Entra token. Foundry's hosts and Azure OpenAI's own ask for different ones.</summary>
    public static string TokenScope(ModelOptions options) => options.TokenScope
        ?? (new Uri(options.Endpoint!).Host.EndsWith(".services.ai.azure.com", StringComparison.OrdinalIgnoreCase)
            ? "https://ai.azure.com/.default"
            : "https://cognitiveservices.azure.com/.default");

    // A deployment is usually named after its model.
    protected override ModelProfile Known(string model) =>
        OpenAI.Profile(new ModelOptions { Model = model }) with { Provider = Name };

    protected override bool ServesAt(string host) =>
        host.EndsWith(".openai.azure.com", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".cognitiveservices.azure.com", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".services.ai.azure.com", StringComparison.OrdinalIgnoreCase);
}
