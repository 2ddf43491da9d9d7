using AgentFunctions.Agents;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;

namespace AgentFunctions.Tests.Tools;

public sealed class ToolCatalogTests
{
    private static readonly ToolCatalog Catalog = new(WorkspaceTools.Create());

    private static AgentDefinition Agent() => AgentFunctions.Agents.Agent.Create("a").WithInstructions("x");

    private static IEnumerable<string> Names(AgentDefinition agent) =>
        Catalog.SelectAsync(agent).GetAwaiter().GetResult().Select(t => t.Name);

    [Test]
    public void Select_NothingSaid_GivesAllButThoseByName() => Assert.That(
        Names(Agent()), Is.EqualTo(new[] { "edit_file", "list_files", "read_file", "search_files", "write_file" }));

    [Test]
    public void Select_Named_GivesExactlyThose()
    {
        Assert.That(Names(Agent() with { Tools = ["run_command", "read_file", "read_file"] }),
            Is.EqualTo(new[] { "read_file", "run_command" }));
        Assert.That(Names(Agent() with { Tools = [] }), Is.Empty);
    }

    [Test]
    public void Select_Disallowed_AreLeftOutInAnyCase()
    {
        Assert.That(Names(Agent() with { DisallowedTools = ["write_file", "edit_file", "WebSearch"] }),
            Is.EqualTo(new[] { "list_files", "read_file", "search_files" }));
        Assert.That(Names(Agent() with { Tools = ["read_file"], DisallowedTools = ["read_file"] }), Is.Empty);
    }

    [Test]
    public void Select_AnUnknownName_ListsTheTools()
    {
        foreach (AgentDefinition agent in new[] { Agent() with { Tools = ["read"] },
            Agent() with { DisallowedTools = ["wirte_file"] } })
        {
            AgentException error = Assert.ThrowsAsync<AgentException>(async () => await Catalog.SelectAsync(agent))!;
            Assert.That(error.Code, Is.EqualTo(ErrorCode.ToolNotFound));
            Assert.That(error.Message, Does.Contain("edit_file, list_files"));
        }
    }

    [Test]
    public void Constructor_OneNameTwice_IsRefused() =>
        Assert.That(() => new ToolCatalog([.. WorkspaceTools.Create(), .. WorkspaceTools.Create()]),
            Throws.TypeOf<AgentException>());

    [Test]
    public void Hash_NameDescriptionSchemaOrEffectDiffer_Differs()
    {
        AgentTool[] tools =
        [
            AgentTool.Create("a", "d", ToolEffect.None, (string x) => x),
            AgentTool.Create("b", "d", ToolEffect.None, (string x) => x),
            AgentTool.Create("a", "e", ToolEffect.None, (string x) => x),
            AgentTool.Create("a", "d", ToolEffect.Idempotent, (string x) => x),
            AgentTool.Create("a", "d", ToolEffect.None, (int x) => x),
        ];
        Assert.That(tools.Select(t => t.Hash).Distinct().Count(), Is.EqualTo(tools.Length));
        Assert.That(AgentTool.Create("a", "d", ToolEffect.None, (string x) => x + x).Hash, Is.EqualTo(tools[0].Hash));
    }
}
