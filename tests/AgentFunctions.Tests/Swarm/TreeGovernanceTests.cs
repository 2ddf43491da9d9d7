using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TreeGovernanceTests
{
    private readonly List<string> _written = [];

    private AgentTool Write => AgentTool.Create("write", "Writes.", ToolEffect.Idempotent, (string text) =>
    {
        lock (_written)
        {
            _written.Add(text);
        }
    });

    [Test]
    public async Task Policy_LimitsWritesOfTheTree_SubAgentsDoNotPassItTogether()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml", """
            rules:
              - name: four
                when: {effect: [idempotent, notIdempotent], tool: write, history: {call: {tool: write}, within: 1h, atLeast: 4}}
                then: deny
                reason: Four writes an hour.
              - {name: rest, when: {tool: '*'}, then: allow}
            """);
        await using RunHost host = await StartWritersAsync(10, ("Governance:PolicyPath", policy));

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_written, Has.Count.EqualTo(4));
        Assert.That(host.LeadResults(2).Count(result => result.Contains("Four writes an hour", StringComparison.Ordinal)),
            Is.EqualTo(6));

        _written.Clear();
        await host.RunAsync();
        Assert.That(_written, Has.Count.EqualTo(4), "another tree has its own");
    }

    [Test]
    public async Task Child_HasTheRequesterRolesLabelsAndScopesOfItsLead_AndIsAuditedWithItsChain()
    {
        await using RunHost host = await StartWritersAsync(1);
        var ann = new Caller("ann") { Roles = ["submitter"] };

        Run run = await host.Gateway.SubmitAsync(
            new RunRequest { Goal = Goal, Labels = new Dictionary<string, string> { ["team"] = "payments" }, Scopes = ["read"] },
            ann);
        run = await host.Reader.WaitForEndAsync(run.Id);

        RunStore runs = host.Get<RunStore>();
        RunRecord lead = await runs.GetAsync(run.Id);
        RunRecord child = await runs.GetAsync(run.Id + ".2-0");
        Assert.That((child.Requester, child.RequesterRoles, child.Parent), Is.EqualTo(("ann", lead.RequesterRoles, run.Id)));
        Assert.That(child.RequesterRoles, Is.EqualTo(new[] { "submitter" }));
        Assert.That((child.Labels["team"], child.Scopes), Is.EqualTo(("payments", lead.Scopes)));
        Assert.That(child.ToolsHash, Is.Not.Null.And.Not.EqualTo(lead.ToolsHash), "it lacks the tools of a lead");
        var written = new List<AuditEntry>();
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync(run.Id))
        {
            if (entry is { Type: AuditTypes.CallFinished, Tool: "write" })
            {
                written.Add(entry);
            }
        }

        Assert.That(written, Has.Count.EqualTo(1));
        Assert.That((written[0].RunId, written[0].RootId, written[0].Requester), Is.EqualTo((child.Id, run.Id, "ann")));
        Assert.That(written[0].Chain, Is.EqualTo(new[] { "worker", "worker" }));
    }

    [Test]
    public async Task KillSwitch_OnTheLead_EndsTheWholeTreeAndRefusesNothingElse()
    {
        const int Children = 5;
        var atWork = new SemaphoreSlim(0);
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign(Enumerable.Range(0, Children).Select(static number => $"{number}")),
                _ => ChatReply.Say("done"),
            },
            _ => ChatReply.Say("never") with
            {
                Before = token =>
                {
                    atWork.Release();
                    return Task.Delay(Timeout.Infinite, token);
                },
            });
        Run run = await host.SubmitAsync();
        for (int child = 0; child < Children; child++)
        {
            await atWork.WaitAsync();
        }

        await host.Get<KillOrders>()
            .EngageAsync(KillScope.Run, run.Id, new Caller("olga") { Roles = [CallerRoles.Operator] }, "gone mad");
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(await host.AliveAsync(), Is.Empty);
        Assert.That((await AwaitedChildrenTests.ChildrenAsync(host, run)).Select(child => child.Status),
            Is.EqualTo(Enumerable.Repeat(RunStatus.Cancelled, Children)));
    }

    [Test]
    public async Task HostileLead_HasSubAgentsWriteOutside_IsRefusedAndNothingIsWritten()
    {
        using var folder = new TemporaryFolder();
        string workspace = Directory.CreateDirectory(Path.Combine(folder.Path, "workspace")).FullName;
        string outside = Path.Combine(folder.Path, "outside.txt");
        string[] targets = ["../outside.txt", outside, "sub/../../outside.txt"];
        await using RunHost host = await RunHost.StartAsync(
            services => services.Configure<RunOptions>(options => options.Workspace = workspace).AddWorkspaceTools(),
            request => IsLead(request)
                ? request.Turn switch { 0 => Create(), 1 => Assign(targets), _ => ChatReply.Say("done") }
                : request.Turn == 0
                    ? ChatReply.Call("write_file", new { path = GoalOf(request), content = "mine" })
                    : ChatReply.Say(request.Last("tool")),
            [],
            agent => agent.WithInstructions(LeadInstructions).WithTools("write_file").WithDelegation(Delegation.Kimi));

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2), Has.All.Contains("workspace"));
        Assert.That(Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories),
            Is.EqualTo(new[] { workspace }));
    }

    private Task<RunHost> StartWritersAsync(int children, params (string Key, string Value)[] settings) => RunHost.StartAsync(
        static _ => { },
        request => IsLead(request)
            ? request.Turn switch
            {
                0 => Create(),
                1 => Assign(Enumerable.Range(0, children).Select(static number => $"{number}")),
                _ => ChatReply.Say("done"),
            }
            : request.Turn == 0 ? ChatReply.Call("write", new { text = GoalOf(request) }) : ChatReply.Say(request.Last("tool")),
        [Write],
        agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Kimi),
        settings);
}
