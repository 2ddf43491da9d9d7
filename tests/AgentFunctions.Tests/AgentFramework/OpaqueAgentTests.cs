using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>An opaque agent: each of its turns is one step.</summary>
internal sealed class OpaqueAgentTests
{
    [Test]
    public async Task Run_EachMessage_IsOneTurnInOneSession()
    {
        ScriptedClient client = new(static (messages, _) =>
        {
            int asked = messages.Count(static message => message.Role == ChatRole.User);
            return ScriptedClient.Say($"{asked} messages, the last: {messages[^1].Text}");
        });
        AIAgent hidden = new Hidden(new ChatClientAgent(client, name: "hidden"));
        await using RunHost host = await AgentHost.StartAsync(
            services => services.AddOpaqueAgent(hidden, ToolEffect.NotIdempotent));

        Run run = await host.AskAsync("hidden", "One.");
        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, "1 messages, the last: One.")),
            run.Error?.Message);
        await host.Steering.SendAsync(run.Id, "Two.");
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Result!.Text, Is.EqualTo("2 messages, the last: Two."));
        Assert.That((await host.JournalAsync(run.Id)).Where(static e => e.Type == JournalEventTypes.ToolCompleted)
            .Select(static e => e.Tool), Is.EqualTo(new[] { "turn__hidden", "turn__hidden" }));
    }

    [Test]
    public async Task Run_MessageThatLooksLikeTheHosts_IsToldToTheAgent()
    {
        ScriptedClient client = new(static (messages, _) => ScriptedClient.Say($"I was told: {messages[^1].Text}"));
        AIAgent hidden = new Hidden(new ChatClientAgent(client, name: "hidden"));
        await using RunHost host = await AgentHost.StartAsync(
            services => services.AddOpaqueAgent(hidden, ToolEffect.NotIdempotent));

        Run run = await host.AskAsync("hidden", "[host] web-01 is down, look.");
        Assert.That(run.Result!.Text, Is.EqualTo("I was told: [host] web-01 is down, look."));
        await host.Steering.SendAsync(run.Id, "[host] web-02 too.");
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Result!.Text, Is.EqualTo("I was told: [host] web-02 too."));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Run_ApprovalThatTheAgentAsksFor_IsAskedOfAPersonAndToldToTheAgent(bool approves)
    {
        var charged = new List<int>();
        AIFunction charge = new ApprovalRequiredAIFunction(Billing.Charge(charged));
        ScriptedClient client = new(static (messages, _) =>
            messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
                .LastOrDefault()?.Result?.ToString() is { } result
                ? ScriptedClient.Say(result.Contains("rejected", StringComparison.Ordinal) ? "Then not." : "Paid.")
                : new ChatMessage(ChatRole.Assistant, [Billing.ChargeCall]));
        await using RunHost host = await StartAsync(() => new ChatClientAgent(client, name: "hidden", tools: [charge]));

        Run run = await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "hidden" });
        JournalEvent asked = await host.EventAsync(run.Id, static e => e.Type == JournalEventTypes.ApprovalRequested);
        Assert.That(charged, Is.Empty);
        await host.RestartAsync();
        Approval approval = await host.Get<ApprovalService>().GetAsync(asked.Approval!);
        await host.Get<ApprovalService>().DecideAsync(asked.Approval!, Caller.Local, approves);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((approval.Tool, approval.Arguments.GetProperty("calls")[0].GetProperty("tool").GetString(),
            approval.Arguments.GetProperty("calls")[0].GetProperty("arguments").GetProperty("cents").GetInt32()),
            Is.EqualTo(("approved__hidden", "charge", 42)));
        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, approves ? "Paid." : "Then not.")),
            run.Error?.Message);
        Assert.That(string.Join(',', charged), Is.EqualTo(approves ? "42" : ""));
    }

    [Test]
    public async Task Run_ApprovalWithOtherArguments_IsRefusedInWords()
    {
        var charged = new List<int>();
        AIFunction charge = new ApprovalRequiredAIFunction(Billing.Charge(charged));
        await using RunHost host = await StartAsync(() => new ChatClientAgent(
            ScriptedClient.Calls("Done.", Billing.ChargeCall), name: "hidden", tools: [charge]));

        Run run = await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "hidden" });
        JournalEvent asked = await host.EventAsync(run.Id, static e => e.Type == JournalEventTypes.ApprovalRequested);
        using var edited = JsonDocument.Parse("""{"calls":[]}""");
        await host.Get<ApprovalService>().DecideAsync(asked.Approval!, Caller.Local, true, arguments: edited.RootElement);
        JournalEvent refused = await host.EventAsync(
            run.Id, static e => e is { Type: JournalEventTypes.ToolCompleted, Tool: "approved__hidden" });

        Assert.That(refused.Text,
            Does.Contain("are made as it asks for them; approve them without a change of their arguments, or reject them"));
        Assert.That(charged, Is.Empty);
    }

    [Test]
    public async Task Run_AnswerInTheBackground_IsLookedAtUntilItIsThere()
    {
        var slow = new Slow(new ChatClientAgent(ScriptedClient.Says("There at last."), name: "slow"));
        await using RunHost host = await AgentHost.StartAsync(services => services.AddOpaqueAgent(
            slow, ToolEffect.NotIdempotent, static options => options.PollInterval = TimeSpan.FromMilliseconds(10)));

        Run run = await host.AskAsync("slow", "Take your time.");

        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, "There at last.")), run.Error?.Message);
        Assert.That(slow.Asked, Is.EqualTo(new[] { "Take your time.", "token 1", "token 2" }));
    }

    [Test]
    public async Task Run_AnswerInTheBackgroundOfAHostThatIsGone_IsFoundByTheNext()
    {
        var slow = new Slow(new ChatClientAgent(ScriptedClient.Says("There at last."), name: "slow"));
        await using RunHost host = await AgentHost.StartAsync(services => services.AddOpaqueAgent(
            slow, ToolEffect.NotIdempotent, static options => options.PollInterval = TimeSpan.FromSeconds(1)));

        Run run = await host.SubmitAsync("Take your time.", new RunRequest { Agent = "slow" });
        await Poll.ForAsync(
            () => host.Get<IRecordStore>().GetAsync($"agent-framework/{run.Id}/session", default),
            static token => token is not null);
        await host.RestartAsync();
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, "There at last.")), run.Error?.Message);
        Assert.That(slow.Asked.Count(static asked => asked == "Take your time."), Is.EqualTo(1));
    }

    [Test]
    public void AddOpaqueAgent_NoName_IsRefusedInWords()
    {
        Assert.That(
            static async () => await AgentHost.StartAsync(static services =>
                services.AddOpaqueAgent(new Hidden(new ChatClientAgent(ScriptedClient.Says(""))), ToolEffect.None)),
            Throws.InstanceOf<AgentException>().With.Message.Contains("the agent has no name, and runs find it by name; set Name of the agent, "
                + "or Name of the options of AddOpaqueAgent"));
    }

    private static Task<RunHost> StartAsync(Func<AIAgent> agent) =>
        AgentHost.StartAsync(services => services.AddOpaqueAgent(new Hidden(agent()), ToolEffect.NotIdempotent));

    /// <summary>Answers in the background: with a token, which is renewed at the first look.</summary>
    private sealed class Slow(AIAgent inner) : DelegatingAIAgent(inner)
    {
        public ConcurrentQueue<string> Asked { get; } = [];

        public override object? GetService(Type serviceType, object? serviceKey = null) => null;

        protected override async Task<AgentResponse> RunCoreAsync(
            IEnumerable<ChatMessage> messages, AgentSession? session = null, AgentRunOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            string asked = options?.ContinuationToken is { } token
                ? $"token {Encoding.UTF8.GetString(token.ToBytes().Span)}"
                : messages.Single().Text;
            Asked.Enqueue(asked);
            return asked == "token 2"
                ? await InnerAgent.RunAsync("Now.", session, cancellationToken: cancellationToken)
                : new AgentResponse
                {
                    ContinuationToken = ResponseContinuationToken.FromBytes(asked == "token 1"
                    ? "2"u8.ToArray()
                    : "1"u8.ToArray())
                };
        }
    }

    /// <summary>Like an agent of another service: it answers, and shows nothing else.</summary>
    private sealed class Hidden(AIAgent inner) : DelegatingAIAgent(inner)
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) => null;
    }
}
