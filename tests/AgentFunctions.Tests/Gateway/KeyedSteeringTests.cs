using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway;

[CancelAfter(300_000)]
internal sealed class KeyedSteeringTests
{
    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };
    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    [Test]
    public async Task Send_RepeatedUnderItsKey_IsShownOnce()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        Run run = await SubmitAsync(host);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.Steering.SendAsync(run.Id, "Go on.", Anna, "k")));
        await host.Reader.WaitForEndAsync(run.Id);
        await host.Steering.SendAsync(run.Id, "Go on.", Anna, "k");
        await host.Steering.SendAsync(run.Id, "Go on.", Anna, "l");
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((await host.TranscriptAsync(run.Id)).Count(entry => entry.Message.Text == "Go on."), Is.EqualTo(2));
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == JournalEventTypes.MessageReceived), Is.EqualTo(2));
        Assert.That(() => host.Steering.SendAsync(run.Id, "Stop.", Anna, "k"), Fails(ErrorCode.IdempotencyKeyReused));
        Assert.That(() => host.Steering.GrantAsync(run.Id, new Budget { Steps = 1 }, Anna, "k"),
            Fails(ErrorCode.IdempotencyKeyReused));
    }

    [Test]
    public async Task Grant_RepeatedUnderItsKey_IsGrantedOnce()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0 ? ChatReply.Say("so far") : ChatReply.Call("echo", new { text = "x" }), [Echo]);
        Run run = await SubmitAsync(host, new RunRequest { Budget = new Budget { Steps = 5 } });

        for (int i = 0; i < 3; i++)
        {
            await host.Steering.GrantAsync(run.Id, new Budget { Steps = 10 }, Anna, "k");
            await host.Reader.WaitForEndAsync(run.Id);
        }

        Assert.That((await host.Reader.GetAsync(run.Id)).Budget!.Granted.Steps, Is.EqualTo(15));
    }

    [Test]
    public async Task Cancel_RepeatedUnderItsKey_IsTheSameAnswerAndWithoutItIsRefused()
    {
        await using RunHost host =
            await RunHost.StartAsync(_ => ChatReply.Say("never") with { Before = token => Task.Delay(Timeout.Infinite, token) });
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Anna);

        await host.Steering.CancelAsync(run.Id, Anna, "enough", "k");
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((await host.Steering.CancelAsync(run.Id, Anna, "enough", "k")).Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(() => host.Steering.CancelAsync(run.Id, Anna), Fails(ErrorCode.RunStateForbids));
        Assert.That(() => host.Steering.CancelAsync(run.Id, Anna, null, "l"), Fails(ErrorCode.RunStateForbids));
        await host.Steering.SendAsync(run.Id, "Go on.", Anna, "l");
    }

    [Test]
    public async Task Steering_RoleWithdrawn_MaySeeAndStopAndNoMore()
    {
        await using RunHost host =
            await RunHost.StartAsync(_ => ChatReply.Say("never") with { Before = token => Task.Delay(Timeout.Infinite, token) });
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Anna);
        Caller withdrawn = Anna with { Roles = ["lead"] };

        Assert.That(() => host.Steering.SendAsync(run.Id, "Go on.", withdrawn), Fails(ErrorCode.NotAllowed));
        Assert.That(() => host.Steering.GrantAsync(run.Id, new Budget { Steps = 1 }, withdrawn), Fails(ErrorCode.NotAllowed));
        Assert.That(() => host.Steering.SendAsync(run.Id, "Go on.", new Caller("key:ben") { Roles = [CallerRoles.Submitter] }),
            Fails(ErrorCode.RunNotFound));
        Assert.That((await host.Steering.PauseAsync(run.Id, withdrawn)).Status, Is.EqualTo(RunStatus.Paused));
        Assert.That(() => host.Steering.ResumeAsync(run.Id, withdrawn), Fails(ErrorCode.NotAllowed));
        await host.Steering.CancelAsync(run.Id, withdrawn);
        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Cancelled));
    }

    [TestCase("Gateway:Access:1:Effect", "Deny", "'now'")]
    [TestCase("Gateway:Access:1:Tools:0", "read*", "'Gateway:Access'")]
    public async Task Steering_AccessWithdrawn_MayNeitherSpeakGrantForkNorReopen(string key, string value, string rule)
    {
        // The second rule comes with the restart: it denies the agent, or narrows what all rules together allow.
        bool isNow = false;
        await using RunHost host = await RunHost.StartAsync(
            services => services.Configure<GatewayOptions>(options =>
            {
                options.Access.Clear();
                options.Access.Add(Of("then", isNow && key.EndsWith("Tools:0", StringComparison.Ordinal) ? value : null, false));
                if (isNow && value == "Deny")
                {
                    options.Access.Add(Of("now", null, true));
                }
            }),
            _ => ChatReply.Say("done"), [Echo]);
        Run run = await SubmitAsync(host);
        await host.Steering.SendAsync(run.Id, "Go on.", Anna);
        await host.Reader.WaitForEndAsync(run.Id);

        isNow = true;
        await host.RestartAsync();
        Func<Task>[] acts =
        [
            () => host.Steering.SendAsync(run.Id, "Go on.", Anna),
            () => host.Steering.GrantAsync(run.Id, new Budget { Steps = 9 }, Anna),
            () => host.Steering.ResumeAsync(run.Id, Anna),
        ];
        foreach (Func<Task> act in acts)
        {
            AgentException refusal = Assert.ThrowsAsync<AgentException>(() => act())!;
            Assert.That((refusal.Code, refusal.Message), Is.EqualTo((ErrorCode.NotAllowed, refusal.Message)));
            Assert.That(refusal.Message, Does.Contain(rule));
        }

        if (value == "Deny")
        {
            Assert.That(() => host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest(), Anna), Fails(ErrorCode.NotAllowed));
        }

        var types = new List<string>();
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync())
        {
            types.Add(entry.Type);
        }

        Assert.That(types.Count(type => type == AuditTypes.RequestRefused), Is.GreaterThanOrEqualTo(acts.Length));
        Assert.That(types.Count(type => type == AuditTypes.MessageSent), Is.EqualTo(1));
    }

    private static AccessRuleOptions Of(string name, string? tools, bool denies)
    {
        var rule = new AccessRuleOptions
        {
            Name = name,
            Effect = denies ? AccessEffect.Deny : AccessEffect.Allow,
        };
        rule.Callers.Add("key:anna");
        if (tools is not null)
        {
            rule.Tools.Add(tools);
        }

        return rule;
    }

    private static async Task<Run> SubmitAsync(RunHost host, RunRequest? request = null) =>
        await host.Reader.WaitForEndAsync((await host.Gateway.SubmitAsync((request ?? new RunRequest()) with { Goal = "Go." },
            Anna)).Id);

    private static NUnit.Framework.Constraints.IResolveConstraint Fails(ErrorCode code) =>
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(code);
}
