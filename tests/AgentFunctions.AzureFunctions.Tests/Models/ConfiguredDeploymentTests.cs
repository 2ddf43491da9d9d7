using AgentFunctions.Models;
using AgentFunctions.TestKit;
using Azure.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.Models;

/// <summary>The settings that infra/ gives the app.</summary>
[CancelAfter(1_800_000)]
public sealed class ConfiguredDeploymentTests
{
    [Test]
    public async Task ConfigureAgentFunctions_EndpointAndDeployment_AskTheDeploymentAsTheIdentity(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Here."));
        await using ServiceProvider services = App(server, ("AZURE_OPENAI_DEPLOYMENT", "gpt-5.4-mini"));

        ModelBinding model = services.GetRequiredService<IModelCatalog>().Resolve(null);
        ChatResponse answer = await model.Client.GetResponseAsync("hello", cancellationToken: cancellationToken);

        ChatRequest request = server.Requests.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Text, Is.EqualTo("Here."));
            Assert.That(request.Target, Does.StartWith("/openai/deployments/gpt-5.4-mini/chat/completions"));
            Assert.That(request.Headers["authorization"], Is.EqualTo($"Bearer {StubCredential.Token}"));
            Assert.That(model.Profile.ContextWindow, Is.EqualTo(400_000),
                "what is known of the model that the deployment is named after");
            Assert.That(model.Profile.Price, Is.Null);
        }
    }

    [Test]
    public async Task ConfigureAgentFunctions_Prices_ArePricesOfTheDeployment(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer server = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Here."));
        await using ServiceProvider services = App(
            server,
            ("AZURE_OPENAI_DEPLOYMENT", "gpt-5.4-mini"),
            ("Models:default:Provider", "azure"),
            ("Models:default:Price:Input", "0.25"),
            ("Models:default:Price:Output", "2"));

        ModelBinding model = services.GetRequiredService<IModelCatalog>().Resolve(null);
        await model.Client.GetResponseAsync("hello", cancellationToken: cancellationToken);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Requests.Single().Target, Does.StartWith("/openai/deployments/gpt-5.4-mini/chat/completions"));
            Assert.That(model.Profile.Price!.Of(1_000_000, 1_000_000, 0), Is.EqualTo(2.25m));
        }
    }

    private static ServiceProvider App(OpenAIProtocolServer server, params (string Name, string Value)[] settings)
    {
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Name,
            (string?)setting.Value)));
        builder.Configuration["AZURE_OPENAI_ENDPOINT"] = server.BaseUrl[..^"v1".Length];
        builder.Services.AddSingleton<TokenCredential>(new StubCredential());
        builder.ConfigureAgentFunctions();
        return builder.Services.BuildServiceProvider();
    }
}
