using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Options;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Identity;

/// <summary>Tokens as tool servers get them, which check them by the published keys alone.</summary>
[CancelAfter(300_000)]
internal sealed class ToolServerIdentityTests
{
    private const string Description =
        """{"openapi":"3.1.0","paths":{"/orders":{"get":{"operationId":"list"},"post":{"operationId":"place","x-effect":"idempotent"}}}}""";

    private static readonly string[] Read = ["read"];

    [Test]
    public async Task OpenApi_CallsOfARun_EachCarriesATokenOfItsOwn()
    {
        await using var scene =
            await Scene.StartAsync(request => request.Turn < 2 ? ChatReply.Call("shop__list", new { }) : ChatReply.Say("done"));

        Run run = await scene.RunAsync(new RunRequest { Goal = "Work.", Scopes = ["read", "write"] });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        IReadOnlyList<JsonElement> claims = scene.Server.ClaimsOf("/orders");
        Assert.That(scene.Server.Refused, Is.Empty);
        Assert.That(claims.Select(one => one.GetProperty("jti").GetString()).Distinct().Count(), Is.EqualTo(2));
        Assert.That(claims.Select(one => one.GetProperty("call").GetString()),
            Is.EqualTo(new[] { $"{run.Id}/1/0", $"{run.Id}/2/0" }));
        Assert.That(claims[0].GetProperty("scope").GetString(), Is.EqualTo("read"));
        Assert.That(claims[0].GetProperty("act").GetProperty("sub").GetString(), Is.EqualTo($"run:{run.Id}"));
        Assert.That((await scene.AuditAsync(run.Id)).Count(entry => entry.Type == AuditTypes.TokenMinted), Is.EqualTo(2));
    }

    [Test]
    public async Task Mcp_HandshakeNamesTheHostAndCallsTheRun()
    {
        await using var scene = await Scene.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("mcp__checked__read", new { }) : ChatReply.Say(request.Results[^1]));

        Run run = await scene.RunAsync(new RunRequest { Goal = "Work." });

        Assert.That(run.Result?.Text, Does.Contain("read"), string.Join(' ', scene.Server.Taken.Select(one => one.Asked)));
        Assert.That(scene.Server.Refused, Is.Empty);
        Assert.That(scene.Server.ClaimsOf("initialize")[0].TryGetProperty("act", out _), Is.False);
        Assert.That(scene.Server.ClaimsOf("tools/list")[0].GetProperty("scope").GetString(), Is.Empty);
        JsonElement call = scene.Server.ClaimsOf("tools/call").Single();
        Assert.That(call.GetProperty("act").GetProperty("sub").GetString(), Is.EqualTo($"run:{run.Id}"));
        Assert.That(call.GetProperty("scope").GetString(), Is.EqualTo("read"));
    }

    [Test]
    public async Task Mcp_SessionOpenedAgainWithinACall_IsTheHostsAndNotTheCalls()
    {
        await using var scene = await Scene.StartAsync(request => request.Turn switch
        {
            0 or 1 => ChatReply.Call("mcp__checked__read", new { }),
            _ => ChatReply.Say(request.Results[^1]),
        });
        scene.Server.ForgetsSession = true;

        Run run = await scene.RunAsync(new RunRequest { Goal = "Work." });

        Assert.That(run.Result?.Text, Does.Contain("read"));
        Assert.That(scene.Server.ClaimsOf("tools/call"), Has.Count.EqualTo(3), "one of them was told that the session is gone");
        Assert.That(
            scene.Server.Taken.SkipWhile(static one => one.Asked != "tools/call").Select(static one => one.Asked),
            Does.Contain("initialize"));
        Assert.That(
            scene.Server.Taken.Where(static one => one.Asked is "initialize" or "notifications/initialized" or "tools/list")
                .Where(static one => one.Claims.TryGetProperty("act", out _)).Select(static one => one.Asked),
            Is.Empty);
    }

    [TestCase("ended", ErrorCode.NotAllowed)]
    [TestCase("cancelled", ErrorCode.NotAllowed)]
    [TestCase("revoked", ErrorCode.Stopped)]
    public async Task NextCall_RunIsOver_FailsAndReachesNobody(string how, ErrorCode expected, CancellationToken cancellationToken)
    {
        await using var scene = await Scene.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("mcp__checked__read", new { }) : ChatReply.Say("done") with
            {
                Before = token => how == "cancelled" ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask,
            });
        Run run = await scene.Api.Get<AgentGateway>().SubmitAsync(new RunRequest { Agent = "lead", Goal = "Work." }, cancellationToken: cancellationToken);
        if (how == "cancelled")
        {
            await scene.Server.UntilAsync("tools/call").WaitAsync(cancellationToken);
            await scene.Api.Get<RunSteering>().CancelAsync(run.Id, cancellationToken: cancellationToken);
        }

        await scene.Api.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
        if (how == "revoked")
        {
            await scene.Api.Get<KillOrders>().EngageAsync(KillScope.Agent, "lead", Caller.Local, cancellationToken: cancellationToken);
        }

        int before = scene.Server.Taken.Count;
        ToolOutcome mcp = await scene.InvokeAsync(run.Id, "mcp__checked__read");
        ToolOutcome openApi = await scene.InvokeAsync(run.Id, "shop__list");

        Assert.That((mcp.Code, openApi.Code), Is.EqualTo((expected, expected)), mcp.Text);
        Assert.That(scene.Server.Taken, Has.Count.EqualTo(before), "nothing was sent");
        Assert.That((await scene.AuditAsync(run.Id)).Count(entry => entry.Type == AuditTypes.TokenRefused), Is.EqualTo(2));
    }

    [Test]
    public async Task SubAgent_TokenNamesTheChainAndHasNoMoreThanItsLead()
    {
        await using var scene =
            await Scene.StartAsync(request => request.Messages[1].GetProperty("content").ToString()
                .Contains("Lead.", StringComparison.Ordinal)
            ? request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = new[] { "a" }, template = "Read", agent = "reader" }),
                1 => ChatReply.Call("wait", new { }),
                2 => ChatReply.Call("shop__place", new { }),
                _ => ChatReply.Say("done"),
            }
            : request.Turn switch
            {
                0 => ChatReply.Call("shop__list", new { }),
                1 => ChatReply.Call("mcp__checked__read", new { }),
                2 => ChatReply.Call("write__place", new { }),
                _ => ChatReply.Say(request.Results[^1]),
            });

        Run run = await scene.RunAsync(new RunRequest { Goal = "Lead.", Scopes = ["read", "write"] });

        Assert.That(run.SubAgents.Total, Is.EqualTo(1),
            string.Join('\n', scene.Api.Model.Requests.SelectMany(request => request.Results)));
        JsonElement act = scene.Server.ClaimsOf("tools/call").Single().GetProperty("act");
        Assert.That(act.GetProperty("agent").GetString(), Is.EqualTo("reader"));
        Assert.That(act.GetProperty("act").GetProperty("sub").GetString(), Is.EqualTo($"run:{run.Id}"));
        Assert.That(act.GetProperty("act").GetProperty("agent").GetString(), Is.EqualTo("lead"));
        Assert.That(scene.Server.ClaimsOf("/write/orders"), Is.Empty, "the reader's definition has the scope 'read' alone");
        IReadOnlyList<AuditEntry> audit = await scene.AuditAsync(null);
        AuditEntry refused = audit.Single(entry => entry.Type == AuditTypes.TokenRefused);
        Assert.That(refused.Reason, Does.Contain("the scope 'write'"));
        Assert.That(refused.Chain, Is.EqualTo(new[] { "lead", "reader" }));
        AuditEntry delegated = audit.Single(entry => entry.Type == AuditTypes.RunDelegated);
        Assert.That(delegated.Actor, Is.EqualTo($"run:{run.Id}"));
        Assert.That(delegated.Reason, Does.StartWith("[scopes: read]"));
        Assert.That(delegated.RootId, Is.EqualTo(run.Id));
    }

    [Test]
    public async Task ToolsOwnClient_ServerOfTheConfiguration_GetsATokenAndNoOtherDoes()
    {
        await using TokenCheckingServer other = await TokenCheckingServer.StartAsync();
        await using var scene = await Scene.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("fetch", new { other = other.Url }) : ChatReply.Say("done"));
        other.Keys = scene.Server.Keys;

        await scene.RunAsync(new RunRequest { Goal = "Work." });

        Assert.That(scene.Server.ClaimsOf("/own").Single().GetProperty("aud").GetString(), Is.EqualTo(scene.Server.Url));
        Assert.That(other.Refused, Is.EqualTo(new[] { "/other" }));
    }

    [TestCase("""{"url":"https://x.example","identity":"yes"}""", "identity: must be true, false or an object")]
    [TestCase("""{"url":"https://x.example","identity":{"scope":"read"}}""", "identity: must be true, false or an object")]
    [TestCase("""{"url":"https://x.example","identity":true,"headers":{"authorization":"${X}"}}""",
        "identity: stands next to headers.Authorization")]
    [TestCase("""{"command":"x","identity":true}""", "identity: has no meaning for a program")]
    public void McpConfiguration_BrokenIdentity_SaysWhatToWrite(string server, string complaint) => Assert.That(
        () => McpConfiguration.Parse("""{"mcpServers":{"x":@}}""".Replace("@", server, StringComparison.Ordinal), ".mcp.json"),
        Throws.TypeOf<AgentException>().With.Message.Contains(complaint));

    [Test]
    public void AgentFile_Scopes_Read() =>
        Assert.That(AgentFile.Parse("---\nname: a\ndescription: d\nscopes: [read, orders.write]\n---\nWork.",
            "a.md").Definition.Scopes, Is.EqualTo(new[] { "read", "orders.write" }));

    /// <summary>A host with its API, and a tool server that knows its published keys.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public ApiHost Api { get; private set; } = null!;

        public TokenCheckingServer Server { get; private set; } = null!;

        public static async Task<Scene> StartAsync(Func<ChatRequest, ChatReply> script)
        {
            var scene = new Scene { Server = await TokenCheckingServer.StartAsync() };
            string document = scene._folder.Write("api.json", Description);
            scene.Api = await ApiHost.StartAsync(script, [scene.Fetch()], builder =>
            {
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
                {
                    ["Governance:Network:Allow:0"] = "127.0.0.1",
                    ["Governance:Identity:0:Address"] = scene.Server.Url,
                    ["Tools:ServerPatience"] = "00:01:00",
                });
                Add(builder.Services, "shop", document, scene.Server.Url, new ToolServerIdentity { Scopes = Read });
                Add(builder.Services, "write", document, $"{scene.Server.Url}/write",
                    new ToolServerIdentity { Scopes = ["write"] });
                builder.Services
                    .AddMcpServer(new McpServerDefinition
                    {
                        Name = "checked",
                        Url = $"{scene.Server.Url}/mcp",
                        Identity = new ToolServerIdentity { Scopes = Read },
                    })
                    .AddAgent(Agent.Create("lead").WithInstructions("Work.").WithDelegation(Delegation.Native).Build())
                    .AddAgent(Agent.Create("reader").WithInstructions("Read.").WithScopes("read").Build());
            });
            scene.Server.Keys = new Uri(scene.Api.Client.BaseAddress!, "/.well-known/jwks.json");
            return scene;
        }

        public async Task<Run> RunAsync(RunRequest request)
        {
            Run run = await Api.Get<AgentGateway>().SubmitAsync(request with { Agent = "lead" });
            return await Api.Get<RunReader>().WaitForEndAsync(run.Id);
        }

        public async Task<IReadOnlyList<AuditEntry>> AuditAsync(string? run) =>
            await Api.Get<AuditLog>().ReadAsync(run).ToListAsync();

        /// <summary>Makes a call in a run's name, as a tool would that does not hear that the run is over.</summary>
        public async Task<ToolOutcome> InvokeAsync(string run, string tool)
        {
            var context = new ToolContext
            {
                RunId = run,
                Agent = "lead",
                Turn = 9,
                Call = 0,
                Artifacts = Api.Get<ArtifactStore>(),
                Services = Api.Get<IServiceProvider>(),
            };
            AgentTool? found = await Api.Get<ToolCatalog>().FindAsync(Agent.Create("lead").WithInstructions("Work."), tool);
            return await Api.Get<ToolInvoker>().InvokeAsync([found!], ToolBench.Call(tool, new { }), context);
        }

        public async ValueTask DisposeAsync()
        {
            await Api.DisposeAsync();
            await Server.DisposeAsync();
            _folder.Dispose();
        }

        private static void Add(IServiceCollection services, string name, string document, string url,
            ToolServerIdentity identity) =>
            services.AddOpenApiTools(options => (options.Name, options.Document, options.BaseUrl, options.Identity) = (name,
                document, url, identity));

        private AgentTool Fetch() =>
            AgentTool.Create("fetch", "Fetches.", ToolEffect.None, async (ToolContext context, string other) =>
        {
            (await context.Http.GetAsync(new Uri($"{Server.Url}/own"))).Dispose();
            (await context.Http.GetAsync(new Uri($"{other}/other"))).Dispose();
        });
    }
}
