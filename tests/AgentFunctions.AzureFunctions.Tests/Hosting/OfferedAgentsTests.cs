using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AzureFunctions.Triggers;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class OfferedAgentsTests
{
    [TestCase(new string[0], new[] { "agent-lead", "agent-triage" })]
    [TestCase(new[] { "triage" }, new[] { "agent-triage" })]
    [TestCase(new[] { "triage", "triage" }, new[] { "agent-triage" })]
    public void OfferAgents_Named_AreFunctionsOnTheirAddress(string[] agents, string[] expected)
    {
        IFunctionMetadata[] added = [.. Transform(agents).Skip(1)];

        Assert.That(added.Select(function => function.Name), Is.EqualTo(expected));
        IFunctionMetadata triage = added[^1];
        Assert.That(triage.EntryPoint, Is.EqualTo("Api.Serve"));
        JsonNode trigger = JsonNode.Parse(triage.RawBindings![0])!;
        Assert.That((string?)trigger["route"], Is.EqualTo("api/agents/triage/runs"));
        Assert.That(trigger["methods"]!.ToJsonString(), Is.EqualTo("""["post"]"""));
        Assert.That(triage.RawBindings[1], Is.EqualTo("""{"name":"client","type":"durableClient"}"""));
    }

    [Test]
    public void OfferAgents_UnknownAgent_IsAnErrorThatNamesIt() =>
        Assert.That(() => Transform("nobody"), Throws.TypeOf<AgentException>().With.Message.Contains("nobody"));

    private static List<IFunctionMetadata> Transform(params string[] agents)
    {
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.ConfigureAgentFunctions();
        builder.Services.AddAgent(Agent.Create("triage").WithInstructions("Sort."))
            .AddAgent(Agent.Create("lead").WithInstructions("Lead."));
        builder.OfferAgents(agents);
        using ServiceProvider services = builder.Services.BuildServiceProvider();
        var functions = new List<IFunctionMetadata>
        {
            new DefaultFunctionMetadata
            {
                Name = ApiTrigger.Name,
                ScriptFile = "Library.dll",
                EntryPoint = "Api.Serve",
                Language = "dotnet-isolated",
                RawBindings =
                [
                    """{"name":"request","type":"httpTrigger","methods":["get","post"],"route":"{*path}"}""",
                    """{"name":"client","type":"durableClient"}""",
                ],
            },
        };
        foreach (IFunctionMetadataTransformer transformer in services.GetServices<IFunctionMetadataTransformer>())
        {
            transformer.Transform(functions);
        }

        return functions;
    }
}
