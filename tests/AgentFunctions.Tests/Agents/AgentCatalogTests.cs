using AgentFunctions.Agents;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Agents;

public sealed class AgentCatalogTests
{
    [Test]
    public void Resolve_AnUnknownName_ListsTheNames()
    {
        var catalog = new AgentCatalog([Agent.Create("writer").WithInstructions("x"), Agent.Create("auditor").WithInstructions("x")]);

        AgentException error = Assert.Throws<AgentException>(() => catalog.Resolve("Writer"))!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.AgentNotFound));
        Assert.That(error.Message, Does.Contain("auditor, writer"));
        Assert.That(catalog.Agents.Select(a => a.Name), Is.EqualTo(new[] { "auditor", "writer" }));
    }

    [Test]
    public void Constructor_TwoAgentsOfOneName_IsRefused()
    {
        AgentDefinition agent = Agent.Create("a").WithInstructions("x");
        Assert.That(() => new AgentCatalog([agent, agent with { Instructions = "y" }]), Throws.TypeOf<AgentException>());
    }

    [Test]
    public void AddAgent_AndAFolder_ServeOneCatalog()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sub/reviewer.md", "---\nname: reviewer\ndescription: d\ncolor: blue\n---\nReview.");
        using ServiceProvider provider = new ServiceCollection()
            .AddAgent(Agent.Create("auditor").WithInstructions("x"))
            .AddAgentsFrom(folder.Path)
            .BuildServiceProvider();

        AgentCatalog catalog = provider.GetRequiredService<AgentCatalog>();

        Assert.That(catalog.Resolve("reviewer").Instructions, Is.EqualTo("Review."));
        Assert.That(catalog.Resolve("auditor").Instructions, Is.EqualTo("x"));
        Assert.That(catalog.Notes.Single().Message, Does.StartWith("color:"));
    }
}
