using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Agents;

/// <summary>What was left out or mapped is said where people look for agents.</summary>
internal sealed class AgentsApiTests
{
    [Test]
    public async Task Agents_BadItems_AreShownWithFileLineAndRemedy()
    {
        using var folder = new TemporaryFolder();
        folder.Write("agents/bad.md", "---\nname: bad\ndescription: d\nmaxTurns: many\n---\nx");
        folder.Write("agents/README.md", "---\ntitle: About\n---\nx");
        folder.Write("agents/twice-a.md", "---\nname: twice\ndescription: d\n---\nx");
        folder.Write("agents/twice-b.md", "---\nname: twice\ndescription: d\n---\ny");
        folder.Write("agents/published.md",
            "---\nname: published\ndescription: d\nmodel: sonnet\ntools: Read, Frobnicate, mcp__docs__*\ncolor: red\n---\nx");
        string servers = folder.Write("mcp.json",
            """{"mcpServers": {"bad": {"command": 7}, "good": {"command": "x", "disabled": true}}}""");
        await using ApiHost host = await ApiHost.StartAsync(
            static _ => ChatReply.Say("done"), configure: builder => builder.Services
                .AddAgentsFrom(Path.Combine(folder.Path, "agents")).AddWorkspaceTools()
                .AddSingleton(McpConfiguration.LoadTolerantly(servers)));

        JsonElement list = await host.Client.GetFromJsonAsync<JsonElement>("/api/agents");
        Dictionary<string, JsonElement> agents = list.GetProperty("agents").EnumerateArray()
            .ToDictionary(static agent => agent.GetProperty("name").GetString()!);
        (string? Kind, string? Name, string Reason)[] leftOut = [.. list.GetProperty("leftOut").EnumerateArray()
            .Select(static one => (
            one.GetProperty("kind").GetString(),
            one.TryGetProperty("name", out JsonElement name) ? name.GetString() : null,
            one.GetProperty("reason").GetString()!))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(agents.Keys, Is.EquivalentTo(new[] { "worker", "twice", "published" }));
            Assert.That(leftOut.Select(static one => (one.Kind, one.Name)), Is.EquivalentTo(new (string?, string?)[]
            {
                ("agent", "bad"), ("agent", "README"), ("agent", "twice"), ("toolServer", null),
            }));
            Assert.That(leftOut.Single(static one => one.Name == "bad").Reason,
                Does.Contain("bad.md").And.Contain("4").And.Contain("maxTurns"));
            Assert.That(leftOut.Single(static one => one.Name == "twice").Reason,
                Does.Contain("twice-b.md").And.Contain("twice-a.md").And.Contain("rename"));
            Assert.That(leftOut.Single(static one => one.Kind == "toolServer").Reason,
                Does.Contain("mcpServers.bad.command").And.Contain("text"));
            string notes = agents["published"].GetProperty("notes").GetRawText();
            Assert.That(notes, Does.Contain("sonnet").And.Contain("Frobnicate"), notes);
            Assert.That(list.GetProperty("notes").GetRawText(), Does.Contain("published.md").And.Contain("color"));
            Assert.That(agents["worker"].TryGetProperty("notes", out JsonElement none) && none.ValueKind != JsonValueKind.Null,
                Is.False);
        }
    }
}
