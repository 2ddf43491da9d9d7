using AgentFunctions.Models;

namespace AgentFunctions.Tests.OpenAI;

public sealed class AzureDeploymentTests
{
    [TestCase("gpt-5.4-mini", 400_000, 32_768)]
    [TestCase("triage-of-the-helpdesk", 128_000, 8_192)]
    public async Task Resolve_Deployment_HasWhatIsKnownOfTheModelItIsNamedAfter(string deployment, int contextWindow,
        int maxOutputTokens)
    {
        await using var host = new ModelHost(
            ("Models:main:Provider", "azure"),
            ("Models:main:Endpoint", "https://name.openai.azure.com"),
            ("Models:main:Model", deployment));

        ModelProfile profile = host.Catalog.Resolve(null).Profile;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(profile.Provider, Is.EqualTo("azure"));
            Assert.That(profile.ContextWindow, Is.EqualTo(contextWindow));
            Assert.That(profile.MaxOutputTokens, Is.EqualTo(maxOutputTokens));
        }
    }
}
