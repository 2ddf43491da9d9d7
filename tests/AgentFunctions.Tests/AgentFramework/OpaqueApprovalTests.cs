using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>What an opaque agent is told of the approvals that it asks for, and of what people say meanwhile.</summary>
internal sealed class OpaqueApprovalTests
{
    private const string Key = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

    [TestCase(false)]
    [TestCase(true)]
    public async Task Run_TurnWithAnApprovalThatFails_RejectsNothingAndIsAskedAgainWithTheNextMessage(bool timesOut)
    {
        var charged = new List<int>();
        bool isBroken = true;
        await using RunHost host = await StartAsync(
            Biller(Billing.Charge(charged), Billing.ChargeCall),
            messages => !isBroken || !AreAnswer(messages) ? Task.CompletedTask
                : throw (timesOut ? new TaskCanceledException("It takes too long.") : new HttpRequestException("It broke off.")));

        Run run = await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "hidden" });
        string asked = await AskedAsync(host, run.Id);
        await DecideAsync(host, asked, true);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Status, await CallsAsync(host, run.Id)),
            Is.EqualTo((RunStatus.Completed, "turn__hidden, approved__hidden")), run.Error?.Message);
        Assert.That(run.Result!.Text, Does.StartWith("Error: "));
        isBroken = false;
        await host.Steering.SendAsync(run.Id, "Try again.");
        await DecideAsync(host, await AskedAsync(host, run.Id, asked), true);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Result!.Text, string.Join(',', charged)), Is.EqualTo(("Told: Try again.", "42")));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Run_ArgumentsThatAreMasked_AreDecidedAboutOnce(bool approves)
    {
        var paid = new List<string>();
        AIFunction pay = AIFunctionFactory.Create(
            (string link) =>
            {
                paid.Add(link);
                return "paid";
            },
            "pay", "Pays.");
        await using RunHost host = await StartAsync(Biller(pay, ScriptedClient.CallOf("c1", "pay", ("link", Key))));

        Run run = await host.SubmitAsync("Pay.", new RunRequest { Agent = "hidden" });
        await DecideAsync(host, await AskedAsync(host, run.Id), approves);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Result?.Text, string.Join(',', paid)), Is.EqualTo(approves ? ("Paid.", Key) : ("Then not.", "")),
            run.Error?.Message);
        Assert.That(await CallsAsync(host, run.Id), Is.EqualTo(
            approves ? "turn__hidden, approved__hidden" : "turn__hidden, approved__hidden, rejected__hidden"));
    }

    [Test]
    public async Task Run_ApprovalWithOtherArguments_IsAskedForAgain()
    {
        var charged = new List<int>();
        await using RunHost host = await StartAsync(Biller(Billing.Charge(charged), Billing.ChargeCall));

        Run run = await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "hidden" });
        string asked = await AskedAsync(host, run.Id);
        using var edited = JsonDocument.Parse("""{"calls":[]}""");
        await host.Get<ApprovalService>().DecideAsync(asked, Caller.Local, true, arguments: edited.RootElement);
        await DecideAsync(host, await AskedAsync(host, run.Id, asked), true);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Result?.Text, string.Join(',', charged)), Is.EqualTo(("Paid.", "42")), run.Error?.Message);
    }

    [Test]
    public async Task Run_RejectionThatFails_IsToldAgainWithTheNextMessage()
    {
        bool isBroken = true;
        await using RunHost host = await StartAsync(
            Biller(Billing.Charge([]), Billing.ChargeCall),
            messages => isBroken && AreAnswer(messages) ? throw new HttpRequestException("It broke off.") : Task.CompletedTask);

        Run run = await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "hidden" });
        await DecideAsync(host, await AskedAsync(host, run.Id), false);
        await host.Reader.WaitForEndAsync(run.Id);
        isBroken = false;
        await host.Steering.SendAsync(run.Id, "Well?");
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(await CallsAsync(host, run.Id), Is.EqualTo(
            "turn__hidden, approved__hidden, rejected__hidden, rejected__hidden, turn__hidden"));
    }

    [Test]
    public async Task Run_WhatIsSaidInATurnAndWhileAPersonIsAsked_IsToldInOneTurn([Values] bool isSaidTwice)
    {
        RunHost? host = null;
        string? id = null;
        var known = new TaskCompletionSource();
        bool isFirst = true;
        host = await StartAsync(
            Biller(Billing.Charge([]), Billing.ChargeCall),
            async _ =>
            {
                if (isFirst)
                {
                    isFirst = false;
                    await known.Task;
                    await host!.Steering.SendAsync(id!, "Only in euros.");
                }
            });
        await using RunHost ended = host;

        id = (await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "hidden" })).Id;
        known.SetResult();
        string asked = await AskedAsync(host, id);
        if (isSaidTwice)
        {
            await host.Steering.SendAsync(id, "Thanks.");
        }

        await DecideAsync(host, asked, true);
        Run run = await host.Reader.WaitForEndAsync(id);

        Assert.That(run.Result?.Text, Is.EqualTo(isSaidTwice ? "Told: Only in euros.\n\nThanks." : "Told: Only in euros."),
            run.Error?.Message);
    }

    [Test]
    public async Task Run_DataOfAMessage_IsToldToTheAgentInWords()
    {
        ScriptedClient client = new(static (messages, _) => ScriptedClient.Say($"Told: {messages[^1].Text}"));
        await using RunHost host = await StartAsync(new ChatClientAgent(client, name: "hidden"));

        Run run = await host.AskAsync("hidden", "What is it?");
        await host.Steering.SendAsync(run.Id, "Look.", [new DataContent(new byte[] { 1, 2, 3 }, "image/png")], Caller.Local);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Result?.Text, Is.EqualTo("Told: Look.\n[The message has data that you are not given: image/png.]"),
            run.Error?.Message);
    }

    [Test]
    public async Task Fork_RunWhoseAgentKeepsASession_IsRefusedButFromItsGoal()
    {
        ScriptedClient client = new(static (messages, _) => ScriptedClient.Say($"{messages.Count} messages."));
        await using RunHost host = await StartAsync(new ChatClientAgent(client, name: "hidden"));
        Run run = await host.AskAsync("hidden", "One.");
        RunForking forks = host.Get<RunForking>();

        Assert.That(async () => await forks.ForkAsync(run.Id, new ForkRequest { Message = "Shorter." }),
            Throws.InstanceOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.RunStateForbids)
                .And.Message.Contains("Send the run a message, or use turn 0"));
        Run fork = await forks.ForkAsync(run.Id, new ForkRequest { Turn = 0 });

        Assert.That((await host.Reader.WaitForEndAsync(fork.Id)).Result?.Text, Is.EqualTo("1 messages."));
    }

    /// <summary>Asks for an approval of one call, and says what came of it, or what it was told since.</summary>
    private static ChatClientAgent Biller(AIFunction function, FunctionCallContent call)
    {
        ScriptedClient client = new((messages, _) =>
            messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
                .LastOrDefault()?.Result?.ToString() is not { } result ? new ChatMessage(ChatRole.Assistant, [call])
            : messages[^1].Role == ChatRole.User ? ScriptedClient.Say($"Told: {messages[^1].Text}")
            : ScriptedClient.Say(result.Contains("rejected", StringComparison.Ordinal) ? "Then not." : "Paid."));
        return new ChatClientAgent(client, name: "hidden", tools: [new ApprovalRequiredAIFunction(function)]);
    }

    private static Task<RunHost> StartAsync(AIAgent agent, Func<IEnumerable<ChatMessage>, Task>? before = null) =>
        AgentHost.StartAsync(services => services.AddOpaqueAgent(
            new Hooked(agent, before ?? (static _ => Task.CompletedTask)), ToolEffect.NotIdempotent));

    private static bool AreAnswer(IEnumerable<ChatMessage> messages) =>
        messages.SelectMany(static message => message.Contents).OfType<ToolApprovalResponseContent>().Any();

    private static async Task<string> AskedAsync(RunHost host, string run, string? before = null) => (await host.EventAsync(
        run, e => e.Type == JournalEventTypes.ApprovalRequested && e.Approval != before)).Approval!;

    private static Task DecideAsync(RunHost host, string approval, bool approves) =>
        host.Get<ApprovalService>().DecideAsync(approval, Caller.Local, approves);

    private static async Task<string> CallsAsync(RunHost host, string run) => string.Join(", ",
        (await host.JournalAsync(run)).Where(static e => e.Type == JournalEventTypes.ToolCompleted).Select(static e => e.Tool));

    /// <summary>An agent of which nothing is seen, and that something happens to before each turn.</summary>
    private sealed class Hooked(AIAgent inner, Func<IEnumerable<ChatMessage>, Task> before)
        : DelegatingAIAgent(inner)
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) => null;

        protected override async Task<AgentResponse> RunCoreAsync(
            IEnumerable<ChatMessage> messages, AgentSession? session = null, AgentRunOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            await before(messages);
            return await base.RunCoreAsync(messages, session, options, cancellationToken);
        }
    }
}
