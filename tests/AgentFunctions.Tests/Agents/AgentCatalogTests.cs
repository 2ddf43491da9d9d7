using AgentFunctions.Agents;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Agents;

public sealed class AgentCatalogTests
{
    [Test]
    public void Resolve_AnUnknownName_ListsTheNames()
    {
        var catalog = new AgentCatalog([Agent.Create("writer").WithInstructions("x"),
            Agent.Create("auditor").WithInstructions("x")]);

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
    public void AddAgent_OfANameThatAFolderHasToo_CountsAndTheFileIsLeftOut()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        folder.Write("auditor.md", "---\nname: auditor\ndescription: d\n---\nFrom the file.");
        folder.Write("reviewer.md", "---\nname: reviewer\ndescription: d\n---\nFirst.");
        other.Write("reviewer.md", "---\nname: reviewer\ndescription: d\n---\nSecond.");
        using ServiceProvider provider = new ServiceCollection()
            .AddAgentsFrom(folder.Path).AddAgentsFrom(other.Path)
            .AddAgent(Agent.Create("auditor").WithInstructions("In code."))
            .BuildServiceProvider();

        AgentCatalog catalog = provider.GetRequiredService<AgentCatalog>();

        Assert.That(catalog.Agents.Select(static agent => agent.Instructions), Is.EqualTo((string[])["In code.", "First."]));
        Assert.That(catalog.LeftOut.Select(static one => one.Name), Is.EqualTo((string[])["auditor", "reviewer"]));
        Assert.That(catalog.LeftOut[0].Reason.Message, Does.Contain("is in the host's own code already; rename one of them"));
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
