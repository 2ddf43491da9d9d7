using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Swarm;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Questions;

/// <summary>A sub-agent asks its lead agent in place of people.</summary>
[CancelAfter(300_000)]
internal sealed partial class LeadQuestionTests
{
    private static readonly Caller Bo = new("user:bo") { Roles = ["approver"] };

    private static readonly string[] OneItem = ["a"];

    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));

    [TestCase("""{"question":"Which colour?","to":["lead-agent"]}""", """{"answer":"blue"}""", "your lead agent answered: blue")]
    [TestCase("""{"question":"Which colour?","to":["lead-agent"],"choices":["red","blue"]}""", """{"answer":"blue"}""",
        "your lead agent answered: blue")]
    [TestCase(
        """{"question":"Which colour?","to":["lead-agent"],"choices":["red"],"allowOther":true}""", """{"answer":"mauve"}""",
        "your lead agent answered: mauve")]
    [TestCase(
        """{"question":"How?","to":["lead-agent"],"form":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"]}}""",
        """{"answers":{"a":3}}""", "your lead agent answered: {\"a\":3}")]
    [TestCase("""{"question":"Which colour?","to":["lead-agent"]}""", """{"decline":"It does not matter."}""",
        "your lead agent declined to answer: It does not matter.")]
    public async Task Asked_LeadAnswers_AndItIsNoPersonsWord(string question, string answer, string read)
    {
        await using RunHost host = await StartAsync(
            request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = OneItem, template = "Paint {item}." }),
                2 => ChatReply.Call("answer_question", AnswerOf(request, answer)),
                1 or 3 => ChatReply.Call("wait", new { }),
                4 => ChatReply.Call("results", new { }),
                _ => ChatReply.Say(request.Results[^1]),
            },
            question);

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain(read));
        Question asked = (await host.Get<QuestionService>().ListOfRunAsync($"{run.Id}.1-0-0")).Single();
        Assert.That((asked.By, asked.Role, asked.ToldTo.Single()), Is.EqualTo(($"run:{run.Id}", "lead-agent", "lead-agent")));
        Assert.That(await host.Get<RunSteerers>().OfAsync(run.Id, default), Is.Empty);
        AuditEntry[] audit = [.. (await host.Get<AuditLog>().ReadAsync(run.Id)
            .ToListAsync()).Where(entry => entry.QuestionId == asked.Id)];
        Assert.That(audit[^1].Actor, Is.EqualTo($"run:{run.Id}"));
        Assert.That(Told(host), Does.StartWith("[host] Your sub-agent 1-0-0 asks you:\n<data "));
    }

    [Test]
    public async Task Asked_LeadSaysNothing_PeopleMayAnswerOnceItEscalates(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = OneItem, template = "Paint {item}." }),
                _ when request.Results.LastOrDefault()?.Contains("answered: blue", StringComparison.Ordinal) == true =>
                    ChatReply.Say(request.Results[^1]),
                _ when request.Results.LastOrDefault()?.Contains("1 completed", StringComparison.Ordinal) == true =>
                    ChatReply.Call("results", new { }),
                < 6 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say(request.Results[^1]),
            },
            """{"question":"Which colour?","to":["lead-agent"]}""");
        Run run = await host.SubmitAsync();
        QuestionService questions = host.Get<QuestionService>();
        Question asked = await Poll.ForAsync(
            async () => (await questions.ListPendingAsync(null,
                cancellationToken)).SingleOrDefault(static question => question.Reminders > 0), cancellationToken);
        JsonElement blue = JsonElement.Parse("""{"answer":"blue"}""");
        Caller[] strangers = [Bo, Caller.Local, new($"run:{run.Id}") { Roles = ["lead-agent", "viewer"] },
            Caller.OfRun("another")];
        foreach (Caller stranger in strangers)
        {
            Assert.That(
                () => questions.AnswerAsync(asked.Id, stranger, blue, cancellationToken),
                Throws.TypeOf<AgentException>().With.Property("Code").AnyOf(ErrorCode.NotAllowed, ErrorCode.QuestionNotFound),
                stranger.Id);
        }

        // No model may be under way when time is moved: its time-out goes by the same clock.
        await host.UntilAsync(run.Id, static lead => lead is { Status: RunStatus.Waiting, Turns: 3 }, cancellationToken);
        await Poll.UntilAsync(
            async () =>
            {
                if ((await host.Reader.GetAsync(asked.RunId, cancellationToken)).Status == RunStatus.Waiting)
                {
                    _time.Advance(TimeSpan.FromMinutes(10));
                }

                return (await questions.GetAsync(asked.Id, null, cancellationToken)).EscalatedAt is not null;
            },
            cancellationToken);
        await questions.AnswerAsync(asked.Id, Bo, blue, cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("user:bo (approver) answered: blue"));
    }

    [TestCase(Delegation.None, """["lead-agent"]""", "has no lead agent")]
    [TestCase(Delegation.None, """["lead-agent","approver"]""", "name 'lead-agent' alone")]
    [TestCase(Delegation.Claude, """["lead-agent"]""", "waits for your result")]
    public async Task Asked_WhereNoLeadCouldAnswer_IsRefusedAtOnce(Delegation delegation, string to, string words)
    {
        string question = $$"""{"question":"Which?","to":{{to}}}""";
        await using RunHost host = await StartAsync(
            request => request.Turn > 0 ? ChatReply.Say(request.Results[^1])
                : delegation == Delegation.None ? Ask(question)
                : ChatReply.Call("Task", new { description = "Paint", prompt = "Paint a.", subagent_type = "worker" }),
            question, delegation);

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain("Error: to: ").And.Contain(words));
    }

    private static ChatReply Ask(string arguments) => new() { Calls = [new ChatReplyCall("c0", "ask_person", arguments)] };

    private static JsonElement AnswerOf(ChatRequest request, string answer) => JsonElement.Parse(
        $$"""{"question":"{{QuestionId().Match(request.Last("user")).Groups[1].Value}}",{{answer[1..]}}""");

    private static string Told(RunHost host) =>
        host.Model.Requests.First(static request => SwarmScene.IsLead(request) && request.Turn == 2).Last("user");

    [GeneratedRegex(@"answer_question, question (\S+)\.")]
    private static partial Regex QuestionId();

    private Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> lead, string question,
        Delegation delegation = Delegation.Native) => RunHost.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time)
            .ConfigureSwarm(static options => options.StepTimeout = TimeSpan.FromDays(1)),
        request => SwarmScene.IsLead(request) ? lead(request) : request.Turn == 0
            ? Ask(question)
            : ChatReply.Say(request.Results[^1]),
        [],
        agent => agent.WithTools("ask_person").WithDelegation(delegation).WithPausedClock());
}
