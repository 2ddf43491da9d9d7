using AgentFunctions.Models;
using AgentFunctions.TestKit;
using Azure.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.Models;

public sealed class ConfiguredDeploymentTests
{
    [Test]
    [CancelAfter(30_000)]
    public async Task ConfigureAgentFunctions_SettingsOfTheInfrastructure_AskTheDeploymentAsTheIdentity(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Here."));
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AZURE_OPENAI_ENDPOINT"] = server.BaseUrl[..^"v1".Length],
            ["AZURE_OPENAI_DEPLOYMENT"] = "my-deployment",
        });
        builder.Services.AddSingleton<TokenCredential>(new StubCredential());
        builder.ConfigureAgentFunctions();
        await using ServiceProvider services = builder.Services.BuildServiceProvider();

        IChatClient model = services.GetRequiredService<IModelCatalog>().Resolve(null).Client;
        ChatResponse answer = await model.GetResponseAsync("hello", cancellationToken: cancellationToken);

        ChatRequest request = server.Requests.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text, Is.EqualTo("Here."));
            Assert.That(request.Target, Does.StartWith("/openai/deployments/my-deployment/chat/completions"));
            Assert.That(request.Headers["authorization"], Is.EqualTo($"Bearer {StubCredential.Token}"));
        }
    }
}
