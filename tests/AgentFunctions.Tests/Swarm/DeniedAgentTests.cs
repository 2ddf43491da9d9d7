using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Swarm;

/// <summary>What a rule denies a caller, its runs cannot delegate to either; what no rule allows, they can.</summary>
[CancelAfter(300_000)]
internal sealed class DeniedAgentTests
{
    private const string Goal = "Ship it.";

    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };
    private static readonly AgentTool Push = AgentTool.Create("push", "Pushes.", ToolEffect.NotIdempotent, () => "pushed");

    private static readonly (string, string)[] Leads =
    [
        ("Gateway:Access:0:Name", "leads"), ("Gateway:Access:0:Callers:0", "key:anna"), ("Gateway:Access:0:Agents:0", "lead"),
    ];

    [Test]
    public async Task Spawn_OfADeniedAgent_IsRefusedNamingTheRule()
    {
        await using RunHost host = await StartAsync(
            ("Gateway:Access:1:Name", "no-deploys"), ("Gateway:Access:1:Effect", "Deny"), ("Gateway:Access:1:Callers:0", "key:*"),
            ("Gateway:Access:1:Agents:0", "deploy*"));

        Run run = await RunAsync(host, Anna);
        Run byAdmin = await RunAsync(host, Anna with { Id = "key:root", Roles = [CallerRoles.Admin] });

        Assert.That(run.Result!.Text, Does.Contain("no-deploys").And.Contain("deployer"));
        Assert.That(byAdmin.Result!.Text, Does.Contain("deployed"), "administrators are not asked");
        Assert.That(
            await host.Get<AuditLog>().ReadAsync()
                .AnyAsync(static entry => entry is { Type: AuditTypes.RequestRefused, Rule: "no-deploys", Agent: "deployer", Actor: "key:anna" }), Is.True);
    }

    [Test]
    public async Task Spawn_OfAnAgentThatNoRuleAllows_Runs()
    {
        await using RunHost host = await StartAsync();

        Assert.That((await RunAsync(host, Anna)).Result!.Text, Does.Contain("deployed"));
    }

    [Test]
    public async Task Spawn_WhereARuleDeniesTheAgentATool_IsWithoutIt()
    {
        await using RunHost host = await StartAsync(
            ("Gateway:Access:1:Name", "no-push"), ("Gateway:Access:1:Effect", "Deny"), ("Gateway:Access:1:Callers:0", "*"),
            ("Gateway:Access:1:Agents:0", "deployer"), ("Gateway:Access:1:Tools:0", "push"));

        await RunAsync(host, Anna);

        Assert.That(host.Model.Requests.Single(static request => !IsLead(request)).Tools, Does.Not.Contain("push"));
        Assert.That(host.Model.Requests.First(IsLead).Tools, Does.Contain("push"));
    }

    private static bool IsLead(ChatRequest request) => request.Body.GetRawText().Contains("You lead.", StringComparison.Ordinal);

    private static async Task<Run> RunAsync(RunHost host, Caller caller) => await host.Reader.WaitForEndAsync(
        (await host.Gateway.SubmitAsync(new RunRequest { Goal = Goal, Agent = "lead" }, caller)).Id);

    private static Task<RunHost> StartAsync(params (string, string)[] rules) => RunHost.StartAsync(
        services => services
            .AddAgent(Agent.Create("lead").WithInstructions("You lead.").WithDelegation(Delegation.Claude).Build())
            .AddAgent(Agent.Create("deployer").WithDescription("Deploys.").WithInstructions("You deploy.").Build()),
        static request => !IsLead(request) ? ChatReply.Say("deployed")
            : request.Turn == 0 ? ChatReply.Call("Task",
                new { description = "deploy", prompt = "Deploy it.", subagent_type = "deployer" })
            : ChatReply.Say(request.Results[^1]),
        [Push], null, [.. Leads, .. rules]);
}
