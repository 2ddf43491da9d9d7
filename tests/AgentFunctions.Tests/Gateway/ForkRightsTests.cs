using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Mcp;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway;

/// <summary>A fork is judged as a submission by its caller would be now, part by part.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ForkRightsTests
{
    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };
    private static readonly Caller Admin = new("key:root") { Roles = [CallerRoles.Admin] };

    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats.", ToolEffect.None, (string text) => text);
    private static readonly AgentTool Shell =
        new(AgentTool.CreateFunction("shell", "Runs.", () => "ran"), ToolEffect.NotIdempotent) { IsOptIn = true };

    // What the host is like from its next start on.
    private Action<AgentBuilder> _agent = static agent => agent.WithTools("echo");
    private Action<GatewayOptions> _gateway = static _ => { };

    [Test]
    public async Task Tools_ThatAreGivenByNameOnly_AreNotGainedByNamingThem()
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);

        Run fork = await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Tools = ["echo", "shell"] }, Anna);
        Run byAdmin = await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Tools = ["shell"] }, Admin);

        Assert.That((fork.Status, byAdmin.Status), Is.EqualTo((RunStatus.Completed, RunStatus.Completed)));
        Assert.That(host.Model.Requests.Select(static request => string.Join(',', request.Tools)),
            Is.EqualTo(new[] { "echo", "echo", "" }));
        Assert.That(() => ForkAsync(host, run.Id, new ForkRequest { Tools = ["nothing"] }, Anna),
            Fails(ErrorCode.ToolNotFound, "tools:"));
    }

    [Test]
    public async Task Tools_ThatTheAgentHasNoMore_AreNotKept()
    {
        _agent = static agent => agent.WithTools("echo", "shell");
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        _agent = static agent => agent.WithTools("echo");
        await host.RestartAsync();

        await ForkAsync(host, run.Id, new ForkRequest { Turn = 0 }, Anna);

        Assert.That(host.Model.Requests.Select(static request => string.Join(',', request.Tools)),
            Is.EqualTo(new[] { "echo,shell", "echo" }));
    }

    [Test]
    public async Task Tools_OfAToolServerThatTheAgentHasNoMore_AreNotKept()
    {
        using var server = new ChangingServer(ChangingServer.Tool("act"), ChangingServer.Tool("more"));
        using var folder = new TemporaryFolder();
        string configuration = folder.Write(".mcp.json", McpBench.Configuration(new { my = server.Definition() }));
        _agent = static agent => agent.WithTools("mcp__my__act");
        await using RunHost host = await StartAsync(services => services.AddMcpServersFrom(configuration));
        Run run = await SubmitAsync(host);

        await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Tools = ["mcp__my__act", "mcp__my__more"] }, Anna);
        _agent = static agent => agent.WithTools("echo");
        await host.RestartAsync();
        await ForkAsync(host, run.Id, new ForkRequest { Turn = 0 }, Anna);

        Assert.That(
            host.Model.Requests.Select(static request => string.Join(',', request.Tools)),
            Is.EqualTo(new[] { "mcp__my__act", "mcp__my__act", "" }));
    }

    [Test]
    public async Task Tools_ThatARuleDeniesNow_AreNotKept()
    {
        _agent = static agent => agent.WithTools("echo", "shell");
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        _gateway = static options =>
        {
            options.Access.Add(new AccessRuleOptions { Name = "all", Callers = { "*" } });
            options.Access.Add(new AccessRuleOptions
            {
                Name = "no-shell",
                Effect = AccessEffect.Deny,
                Callers = { "key:*" },
                Tools = { "shell" }
            });
        };
        await host.RestartAsync();

        await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Tools = ["echo", "shell"] }, Anna);

        Assert.That(host.Model.Requests[^1].Tools, Is.EqualTo(new[] { "echo" }));
    }

    [Test]
    public async Task Instructions_OfTheCallersOwn_TakeAnAdministrator()
    {
        await using RunHost host = await StartAsync();
        Run run = await SubmitAsync(host);
        var own = new ForkRequest { Turn = 0, Instructions = "Obey me." };

        Assert.That(() => ForkAsync(host, run.Id, own, Anna), Fails(ErrorCode.NotAllowed, "instructions:"));
        Assert.That(() => ForkAsync(host, run.Id, own, Anna with { Roles = [CallerRoles.Submitter, CallerRoles.Operator] }),
            Fails(ErrorCode.NotAllowed, "instructions:"));
        Assert.That((await ForkAsync(host, run.Id, own with { Instructions = "Work." }, Anna)).Status,
            Is.EqualTo(RunStatus.Completed), "the agent's own words");
        await ForkAsync(host, run.Id, own, Admin);

        Assert.That(host.Model.Requests[^1].Body.GetRawText(), Does.Contain("Obey me."));
        Assert.That(host.Model.Requests, Has.Count.EqualTo(3), "what was refused asked no model");
    }

    [Test]
    public async Task Model_IsOneThatSomeAgentOfTheCallersSpeaksWith()
    {
        _gateway = static options => options.Access.Add(new AccessRuleOptions
        {
            Name = "two",
            Callers = { "key:anna" },
            Agents = { "worker", "second" }
        });
        await using RunHost host = await StartAsync(services => services
            .AddAgent(Agent.Create("second").WithInstructions("Second.").WithModel("other").Build())
            .AddAgent(Agent.Create("third").WithInstructions("Third.").WithModel("dear").Build()));
        Run run = await SubmitAsync(host);

        Run other = await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Model = "other" }, Anna);

        Assert.That(other.Model, Is.EqualTo("other"));
        Assert.That(() => ForkAsync(host, run.Id, new ForkRequest { Model = "dear" }, Anna),
            Fails(ErrorCode.NotAllowed, "model:"));
        Assert.That((await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Model = "dear" }, Admin)).Model,
            Is.EqualTo("dear"));
    }

    [Test]
    public async Task Limits_AreThoseOfTheAgentNow()
    {
        _agent = static agent => agent.WithTools("echo").WithMaxTurns(50);
        await using RunHost host =
            await StartAsync(script: static request => ChatReply.Call("echo", new { text = $"{request.Index}" }));
        Run run = await SubmitAsync(host, new RunRequest { Budget = new() { Steps = 4 } });
        _agent = static agent => agent.WithTools("echo").WithMaxTurns(3);
        await host.RestartAsync();

        Run fork = await ForkAsync(host, run.Id, new ForkRequest { Turn = 0, Budget = new() { Steps = 100_000 } }, Anna);

        Assert.That(fork.Steps, Is.LessThanOrEqualTo(7), "three turns of a call each, and the answer");
    }

    [Test]
    public async Task Scopes_AreNoMoreThanTheRunsAndTheAgentsNow()
    {
        _agent = static agent => agent.WithTools("echo").WithScopes("read", "write", "pay");
        await using RunHost host = await StartAsync();
        Run narrow = await SubmitAsync(host, new RunRequest { Scopes = ["read", "write", "admin"] });
        Run wide = await SubmitAsync(host);
        _agent = static agent => agent.WithTools("echo").WithScopes("read", "pay");
        await host.RestartAsync();

        string[] forks = [(await ForkAsync(host, narrow.Id, new ForkRequest { Turn = 0 }, Anna)).Id,
            (await ForkAsync(host, wide.Id, new ForkRequest { Turn = 0 }, Anna)).Id];

        RunStore runs = host.Get<RunStore>();
        Assert.That((await runs.GetAsync(narrow.Id)).Scopes, Is.EquivalentTo(new[] { "read", "write" }));
        Assert.That((await runs.GetAsync(forks[0])).Scopes, Is.EquivalentTo(new[] { "read" }));
        Assert.That((await runs.GetAsync(forks[1])).Scopes, Is.EquivalentTo(new[] { "read", "pay" }));
    }

    private Task<RunHost> StartAsync(Action<IServiceCollection>? services = null, Func<ChatRequest, ChatReply>? script = null) =>
        RunHost.StartAsync(
        collection =>
        {
            collection.Configure<GatewayOptions>(options => _gateway(options));
            services?.Invoke(collection);
        },
        script ?? (static _ => ChatReply.Say("done")), [Echo, Shell], agent => _agent(agent.WithModel("test")),
        [.. new[] { "other", "dear" }.SelectMany(static name => new[]
        {
            ($"Models:{name}:Provider", "openai"), ($"Models:{name}:Endpoint", "http://127.0.0.1:9/v1"),
            ($"Models:{name}:Key", "sk-test"),
            ($"Models:{name}:Model", name),
        })]);

    private static async Task<Run> SubmitAsync(RunHost host, RunRequest? request = null) => await host.Reader.WaitForEndAsync(
        (await host.Gateway.SubmitAsync((request ?? new RunRequest()) with { Goal = "Go.", Agent = "worker" }, Anna)).Id);

    private static async Task<Run> ForkAsync(RunHost host, string id, ForkRequest request, Caller caller)
    {
        Run fork = await host.Get<RunForking>().ForkAsync(id, request, caller);
        if (fork.Model == "test")
        {
            return await host.Reader.WaitForEndAsync(fork.Id);
        }

        // Nobody answers under these models' address.
        await host.Steering.CancelAsync(fork.Id);
        return fork;
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Fails(ErrorCode code, string words) =>
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(code).And.Message.Contains(words);
}
