using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway.Access;

[CancelAfter(300_000)]
internal sealed class AccessTests
{
    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };
    private static readonly Caller Ben = new("key:ben") { Roles = [CallerRoles.Submitter, "responder"] };

    private static readonly (string, string)[] Rules =
    [
        ("Gateway:Goals:0:Class", "outage"), ("Gateway:Goals:0:Words:0", "outage"), ("Gateway:Goals:0:Words:1", "is down"),
        ("Gateway:Goals:0:Agent", "triage"),
        ("Gateway:Access:0:Name", "anna-reads"), ("Gateway:Access:0:Callers:0", "key:anna"),
        ("Gateway:Access:0:Agents:0", "work*"), ("Gateway:Access:0:Tools:0", "read*"),
        ("Gateway:Access:1:Name", "responders"), ("Gateway:Access:1:Roles:0", "responder"),
        ("Gateway:Access:1:Goals:0", "outage"),
        ("Gateway:Access:2:Name", "team-payments"), ("Gateway:Access:2:Callers:0", "*"),
        ("Gateway:Access:2:Labels:0", "team=payments"),
        ("Gateway:Access:3:Name", "no-deploys"), ("Gateway:Access:3:Effect", "Deny"), ("Gateway:Access:3:Callers:0", "*"),
        ("Gateway:Access:3:Agents:0", "deployer"),
        ("Gateway:Access:4:Name", "no-shell"), ("Gateway:Access:4:Effect", "Deny"), ("Gateway:Access:4:Callers:0", "key:*"),
        ("Gateway:Access:4:Tools:0", "shell"),
    ];

    [Test]
    public async Task Submit_NoRuleAllowsOrOneDenies_IsRefusedNamingTheRuleAndAudited()
    {
        await using RunHost host = await StartAsync();

        AgentException none = Refusal(host, Anna, new RunRequest { Goal = "Go.", Agent = "triage" });
        AgentException denied = Refusal(host, Anna, new RunRequest
        {
            Goal = "Go.",
            Agent = "deployer",
            Labels = new Dictionary<string, string> { ["team"] = "payments" },
        });
        AgentException notItsGoal = Refusal(host, Ben, new RunRequest { Goal = "Write a poem.", Agent = "triage" });
        AgentException otherTeam = Refusal(host, Ben, new RunRequest
        {
            Goal = "Go.",
            Agent = "worker",
            Labels = new Dictionary<string, string> { ["team"] = "search" },
        });

        Assert.That(none.Message, Does.Contain("'Gateway:Access'").And.Contain("key:anna"));
        Assert.That(denied.Message, Does.Contain("'no-deploys'"));
        Assert.That(new[] { none, denied, notItsGoal, otherTeam }.Select(refusal => refusal.Code),
            Is.All.EqualTo(ErrorCode.NotAllowed));
        var refused = new List<AuditEntry>();
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync(null))
        {
            refused.Add(entry);
        }

        Assert.That(
            refused.Where(entry => entry.Type == AuditTypes.RequestRefused).Select(entry => entry.Rule),
            Is.EqualTo(new[] { "Gateway:Access", "no-deploys", "Gateway:Access", "Gateway:Access" }));
        Assert.That((await host.Gateway.SubmitAsync(new RunRequest { Goal = "The shop is down!", Agent = "triage" }, Ben)).Agent,
            Is.EqualTo("triage"));
        Assert.That((await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "deployer" })).Agent,
            Is.EqualTo("deployer"), "administrators are not asked");
    }

    [Test]
    public async Task Submit_RuleNamesTools_RunAndItsForkHaveNoOther()
    {
        await using RunHost host = await StartAsync();

        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "worker" }, Anna);
        await host.Reader.WaitForEndAsync(run.Id);
        string[] shown = [.. host.Model.Requests[0].Tools];
        string result = host.Model.Requests[1].Results[^1];
        Run fork = await host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Turn = 0, Tools = ["shell"] }, Anna);
        await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That(shown, Is.EqualTo(new[] { "read_it" }));
        Assert.That(result, Does.Contain("there is no tool 'shell'"), "the model asks for it all the same");
        Assert.That(host.Model.Requests[2].Tools, Is.Empty, "a fork does not widen what its caller may");
    }

    [Test]
    public async Task Submit_AcceptanceCommandOfACallerWithoutThatTool_IsRefused()
    {
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddWorkspaceTools(options => options.AllowedCommands.Add("true"))
                .Configure<RunOptions>(static options => options.Workspace = "/tmp"),
            _ => ChatReply.Say("done"), null, static agent => agent.WithTools("run_command"), Rules);
        var request = new RunRequest { Goal = "Go.", Agent = "worker", Acceptance = new RunAcceptance { Command = ["true"] } };

        Assert.That(Refusal(host, Anna, request).Message, Does.Contain("'Gateway:Access'").And.Contain("run_command"));
        Assert.That((await host.RunAsync("Go.", request)).Status, Is.EqualTo(RunStatus.Completed), "an administrator may");
    }

    [Test]
    public async Task Submit_ToolDenied_IsTakenAwayAndTheRestStays()
    {
        await using RunHost host = await StartAsync();

        Run run = await host.Gateway.SubmitAsync(
            new RunRequest { Goal = "Go.", Agent = "worker", Labels = new Dictionary<string, string> { ["team"] = "payments" } },
            new Caller("key:cleo"));
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(host.Model.Requests[0].Tools, Does.Contain("read_it").And.Contain("update_plan").And.Not.Contain("shell"));
    }

    [TestCase("The shop is down, find out why.", "triage")]
    [TestCase("Translate the release notes into French.", "translator")]
    [TestCase("Deploying version 12 to staging", "deployer")]
    public async Task Submit_NoAgentNamed_FindsTheOneForTheGoal(string goal, string expected)
    {
        await using RunHost host = await StartAsync();

        Assert.That((await host.SubmitAsync(goal)).Agent, Is.EqualTo(expected));
    }

    [TestCase("Sing me a song.", "fits no agent")]
    [TestCase("Translate what is deployed.", "fits several agents")]
    public async Task Submit_NoAgentNamedAndNoneOrSeveralFit_AsksForOne(string goal, string expected)
    {
        await using RunHost host = await StartAsync();

        AgentException error = Assert.ThrowsAsync<AgentException>(() => host.SubmitAsync(goal))!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(error.Message, Does.StartWith("agent: ").And.Contain(expected).And.Contain("translator"));
    }

    [Test]
    public async Task Submit_NoAgentNamed_OnlyThoseThatTheCallerMayAskAreLookedAt()
    {
        await using RunHost host = await StartAsync();

        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Translate it into French." }, Anna);

        Assert.That(run.Agent, Is.EqualTo("worker"));
    }

    private static AgentException Refusal(RunHost host, Caller caller, RunRequest request) =>
        Assert.ThrowsAsync<AgentException>(() => host.Gateway.SubmitAsync(request, caller))!;

    private static Task<RunHost> StartAsync() => RunHost.StartAsync(
        services => services
            .AddAgent(Agent.Create("triage").WithDescription("Finds the cause of failures in production.")
                .WithInstructions("Triage.").Build())
            .AddAgent(Agent.Create("translator").WithDescription("Translates texts between English, German and French.")
                .WithInstructions("Translate.").Build())
            .AddAgent(Agent.Create("deployer").WithDescription("Deploys versions to staging and production.")
                .WithInstructions("Deploy.").Build()),
        request => request.Turn == 0 ? ChatReply.Call("shell", new { }) : ChatReply.Say("done"),
        [
            AgentTool.Create("read_it", "Reads.", ToolEffect.None, () => "it"),
            AgentTool.Create("shell", "Runs.", ToolEffect.NotIdempotent, () => "ran"),
        ],
        null, Rules);
}
