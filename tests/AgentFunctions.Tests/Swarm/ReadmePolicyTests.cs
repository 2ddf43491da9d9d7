using AgentFunctions.Agents;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>A swarm under the policy of docs/policies.md waits for nobody.</summary>
[CancelAfter(300_000)]
internal sealed class ReadmePolicyTests
{
    [Test]
    public async Task Swarm_UnderThePolicyOfTheReadme_RunsWithoutAPerson()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ws/a.txt", "one");
        string policy = folder.Write("policy.yaml", PolicyOfReadme());
        await using RunHost host = await RunHost.StartAsync(
            services =>
            {
                services.AddWorkspaceTools();
                services.Configure<RunOptions>(options => options.Workspace = Path.Combine(folder.Path, "ws"));
            },
            request => (IsLead(request), request.Turn) switch
            {
                (true, 0) => ChatReply.Call("update_plan", new { items = new[] { new { text = "Split.", done = false } } }),
                (true, 1) => ChatReply.Call("spawn", new { items = new[] { "a.txt", "b.txt" }, template = "Audit {item}." }),
                (true, 2) => ChatReply.Call("wait", new { }),
                (true, 3) => ChatReply.Call("results", new { }),
                (true, 4) => ChatReply.Call("write_file", new { path = "report.md", content = "all well" }),
                (true, 5) => ChatReply.Call("edit_file", new { path = "report.md", old_text = "all", new_text = "All" }),
                (true, _) => ChatReply.Say("The report is written."),
                (false, 0) => ChatReply.Call("write_file", new { path = $"{Guid.NewGuid():N}.md", content = "well" }),
                _ => ChatReply.Say("well"),
            },
            agent: agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native),
            settings: [("Governance:PolicyPath", policy)]);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.ToString());
        Assert.That(folder.Read("ws/report.md"), Is.EqualTo("All well"));
        Assert.That(Directory.EnumerateFiles(Path.Combine(folder.Path, "ws"), "*.md").Count(), Is.EqualTo(3));
    }

    private static string PolicyOfReadme()
    {
        string text = Repository.Text("docs/policies.md");
        string section = text[text.IndexOf("## A policy", StringComparison.Ordinal)..];
        int start = section.IndexOf("```yaml\n", StringComparison.Ordinal) + 8;
        return section[start..section.IndexOf("```", start, StringComparison.Ordinal)];
    }
}
