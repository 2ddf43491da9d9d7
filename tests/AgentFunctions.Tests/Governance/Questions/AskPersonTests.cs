using System.Text.Json;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Questions;

/// <summary>
/// A run asks people: who may answer, what the model reads, what is left behind. Each history is replayed at the end.
/// </summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AskPersonTests : IDisposable
{
    private static readonly Caller Bo = new("user:bo") { Roles = ["approver"] };
    private static readonly Caller Lena = new("user:lena") { Roles = ["lead"] };

    private readonly TemporaryFolder _folder = new();
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Asked_Answered_IsAPersonsWordEverywhere(CancellationToken cancellationToken)
    {
        string seen = "";
        await using RunHost host = await StartAsync(request =>
        {
            seen = request.Turn == 1
                ? request.Body.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString()!
                : seen;
            return request.Turn == 0 ? Ask(new
            {
                question = "Which region?",
                why = "Prices differ.",
                form = JsonElement.Parse("""{"type":"object","properties":{"region":{"type":"string","enum":["weu","neu"]},"days":{"type":"integer"}},"required":["region"]}"""),
                urgency = "high",
            }) : ChatReply.Say("done");
        });
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        Run waiting = await host.Reader.GetAsync(run.Id, cancellationToken);

        Question answered = await host.Get<QuestionService>()
            .AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"region":"weu","days":30}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((asked.Why, asked.Urgency, asked.Requester, asked.IsAwaited),
            Is.EqualTo(("Prices differ.", QuestionUrgency.High, "local", true)));
        Assert.That((waiting.Status, waiting.WaitingFor?.Kind, waiting.WaitingFor?.Id),
            Is.EqualTo((RunStatus.Waiting, "question", asked.Id)));
        Assert.That((answered.State, answered.By, answered.Role), Is.EqualTo((QuestionState.Answered, "user:bo", "approver")));
        Assert.That(run.Result?.Text, Is.EqualTo("done"));
        Assert.That(seen, Does.StartWith("<person ").And.Contain("\nuser:bo (approver) answered: {"));
        Assert.That(
            (await host.JournalAsync(run.Id)).Where(happened => happened.Question == asked.Id)
                .Select(static happened => happened.Type),
            Is.EqualTo(new[] { JournalEventTypes.QuestionAsked, JournalEventTypes.QuestionAnswered }));
        AuditEntry[] audit = [.. (await host.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken)).Where(entry => entry.QuestionId == asked.Id)];
        Assert.That(audit.Select(static entry => entry.Type),
            Is.EqualTo(new[] { AuditTypes.QuestionAsked, AuditTypes.QuestionAnswered }));
        Assert.That((audit[1].Actor, audit[1].Outcome), Is.EqualTo(("user:bo", """{"region":"weu","days":30}""")));
        Assert.That(audit[1].OutcomeHash, Has.Length.EqualTo(64));
        Assert.That(await host.Get<QuestionService>().ListPendingAsync(null, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task Asked_SeveralInOneTurn_WaitSideBySideAndAreAnsweredAlone(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(request => request.Turn == 0
            ? new ChatReply
            {
                Calls = [.. new[] { "One?", "Two?", "Three?" }.Select((text, i) => new ChatReplyCall($"c{i}",
                "ask_person", JsonSerializer.Serialize(new { question = text })))]
            }
            : ChatReply.Say(string.Join(" | ", request.Results)));
        Run run = await host.SubmitAsync();
        IReadOnlyList<Question> asked = await PendingAsync(host, run.Id, 3, cancellationToken);
        QuestionService questions = host.Get<QuestionService>();

        await questions.AnswerAsync(IdOf("Two?"), Bo, JsonElement.Parse("""{"answer":"second"}"""), cancellationToken);
        await questions.DeclineAsync(IdOf("Three?"), Bo, "not mine to say", cancellationToken);
        Assert.That(await questions.ListPendingAsync(null, cancellationToken), Has.Count.EqualTo(1));
        await questions.AnswerAsync(IdOf("One?"), Bo, JsonElement.Parse("""{"answer":"first"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Is.EqualTo(
            "user:bo (approver) answered: first | user:bo (approver) answered: second | user:bo (approver) declined to answer: not mine to say"));

        string IdOf(string text) => asked.Single(question => question.Text == text).Id;
    }

    [Test]
    public async Task Asked_NotToWait_GoesOnAndHearsTheAnswerAsAMessage(CancellationToken cancellationToken)
    {
        TaskCompletionSource answered = new();
        string seen = "";
        await using RunHost host = await StartAsync(request =>
        {
            if (request.Turn == 1)
            {
                answered.Task.Wait(cancellationToken);
            }

            seen = request.Turn == 2 ? request.Body.GetRawText() : seen;
            return request.Turn == 0 ? Ask(new { question = "Which colour?", wait = false }) : request.Turn == 1
                ? ChatReply.Call("look", new { })
                : ChatReply.Say("done");
        });
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"answer":"red"}"""), cancellationToken);
        await Poll.UntilAsync(
            async () => (await host.JournalAsync(run.Id)).Any(static happened => happened.Type == JournalEventTypes.MessageReceived), cancellationToken);

        answered.SetResult();
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(asked.IsAwaited, Is.False);
        Assert.That(seen, Does.Contain($"To your question {asked.Id} (Which colour?): user:bo (approver) answered: red"));
        Assert.That(run.Result?.Text, Is.EqualTo("done"));
        TranscriptEntry said =
            (await host.TranscriptAsync(run.Id)).Single(static entry => entry.Source == TranscriptOrigin.Person);
        Assert.That(said.Message.Text, Does.EndWith("answered: red"));
    }

    [Test]
    public async Task Expired_IsToldAndNeverAnswersForThePerson(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(request => request.Turn == 0
            ? Ask(new
            {
                question = "Which?",
                form = JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"string","default":"x"}},"required":["a"]}"""),
                expires = "PT5H"
            })
            : ChatReply.Say(request.Results[^1]));
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken).WhileAsync(() => PassAsync(host, run.Id));

        Assert.That(run.Result?.Text, Does.StartWith("""{"outcome":"expired"}"""));
        Question expired = await host.Get<QuestionService>().GetAsync(asked.Id, null, cancellationToken);
        Assert.That((expired.State, expired.Answers), Is.EqualTo((QuestionState.Expired, (JsonElement?)null)));
        Assert.That(
            () => host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"a":"late"}"""), cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.QuestionStateForbids));
    }

    [Test]
    public async Task Expired_PolicyTakesDefaults_SaysThatNobodyGaveThem(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            request => request.Turn == 0
                ? Ask(new
                {
                    question = "Which?",
                    form = JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"string","default":"x"}},"required":["a"]}"""),
                    onExpiry = "default"
                })
                : ChatReply.Say(request.Results[^1]),
            "rules: [{name: ask, when: {tool: ask_person}, then: allow, answer: {expires: 1h, onExpiry: default}}]");
        Run run = await host.SubmitAsync();
        await PendingAsync(host, run.Id, cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken).WhileAsync(() => PassAsync(host, run.Id));

        Assert.That(run.Result?.Text, Does.StartWith("""{"outcome":"answered","by":"default","answers":{"a":"x"}}"""));
    }

    [Test]
    public async Task Expired_ToFail_FailsTheCall(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(request => request.Turn == 0
            ? Ask(new { question = "Which?", expires = "1h", onExpiry = "fail" }) : ChatReply.Say(request.Results[^1]));
        Run run = await host.SubmitAsync();
        await PendingAsync(host, run.Id, cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken).WhileAsync(() => PassAsync(host, run.Id));

        Assert.That(run.Result?.Text, Does.StartWith("Error: nobody answered until"));
    }

    [Test]
    public async Task Cancelled_WhileItAsks_WithdrawsTheQuestion(CancellationToken cancellationToken)
    {
        await using RunHost host =
            await StartAsync(static request => request.Turn == 0 ? Ask(new { question = "Which?" }) : ChatReply.Say("done"));
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Steering.CancelAsync(run.Id, "local", cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Question withdrawn = await host.Get<QuestionService>().GetAsync(asked.Id, null, cancellationToken);
        Assert.That(withdrawn.State, Is.EqualTo(QuestionState.Withdrawn));
        Assert.That((await host.JournalAsync(run.Id)).Select(static happened => happened.Type),
            Has.Member(JournalEventTypes.QuestionWithdrawn));
        Assert.That(
            () => host.Get<QuestionService>()
                .AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"answer":"late"}"""), cancellationToken),
            Throws.TypeOf<AgentException>().With.Message.Contains("withdrawn"));
    }

    [Test]
    public async Task Answer_OfWhoMayNot_IsRefusedAndWhoWasFirstIsNamed(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            static request => request.Turn == 0 ? Ask(new { question = "Which?" }) : ChatReply.Say(request.Results[^1]),
            "rules: [{name: leads-answer, when: {tool: ask_person}, then: allow, answer: {roles: [lead], escalateTo: [head]}}]");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        QuestionService questions = host.Get<QuestionService>();
        JsonElement answer = JsonElement.Parse("""{"answer":"this"}""");

        Assert.That(() => questions.AnswerAsync(asked.Id, Bo, answer, cancellationToken), Code(ErrorCode.QuestionNotFound));
        Assert.That(() => questions.AnswerAsync(asked.Id, Bo with { Roles = ["viewer"] }, answer, cancellationToken),
            Code(ErrorCode.NotAllowed, "leads-answer"));
        Assert.That(() => questions.AnswerAsync(asked.Id, new Caller("local"), answer, cancellationToken),
            Code(ErrorCode.NotAllowed, "lead"));
        Assert.That(() => questions.AnswerAsync(asked.Id, Lena, JsonElement.Parse("""{"other":1}"""), cancellationToken),
            Code(ErrorCode.InvalidInput, "answer"));
        await questions.AnswerAsync(asked.Id, Lena, answer, cancellationToken);
        await questions.AnswerAsync(asked.Id, Lena, answer, cancellationToken);
        Assert.That(() => questions.AnswerAsync(asked.Id, Lena, JsonElement.Parse("""{"answer":"that"}"""), cancellationToken),
            Code(ErrorCode.QuestionStateForbids, "user:lena (lead)"));
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That(run.Result?.Text, Is.EqualTo("user:lena (lead) answered: this"));
    }

    [TestCase("""{"question":"Which?","to":["head"]}""", "to: 'head'")]
    [TestCase("""{"question":" "}""", "question: use 1")]
    [TestCase("""{"question":"Which?","urgency":"now"}""", "urgency")]
    [TestCase("""{"question":"Which?","expires":"soon"}""", "expires")]
    [TestCase("""{"question":"Which?","onExpiry":"default"}""", "onExpiry: the policy")]
    [TestCase("""{"question":"Which?","context":["none.md"]}""", "no artifact 'none.md'")]
    [TestCase("""{"question":"Which?","choices":["a"],"form":{"type":"object","properties":{}}}""", "choices")]
    [TestCase("""{"question":"Which?","form":{"type":"object","properties":{"password":{"type":"string"}}}}""",
        "form.properties.password")]
    public async Task Ask_ThatIsNoGood_IsToldToTheModelAtOnce(string arguments, string words)
    {
        await using RunHost host = await StartAsync(request => request.Turn == 0
            ? new ChatReply { Calls = [new ChatReplyCall("c0", "ask_person", arguments)] } : ChatReply.Say(request.Results[^1]));
        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.StartWith("Error:").And.Contain(words));
        Assert.That(await host.Get<QuestionService>().ListOfRunAsync(run.Id), Is.Empty);
    }

    [Test]
    public async Task Ask_BeyondALimitOfThePolicy_IsDenied(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            request => request.Turn < 2 ? Ask(new { question = $"Number {request.Turn}?" }) : ChatReply.Say(request.Results[^1]),
            """
            rules:
              - name: one-question
                when: {tool: ask_person, history: {call: {tool: ask_person}, within: 1d, atLeast: 1}}
                then: deny
                reason: Decide yourself, say what you assumed
            """);
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"answer":"x"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("Decide yourself, say what you assumed"));
    }

    [Test]
    public async Task Agent_ThatDoesNotListTheTool_HasItNot()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await host.RunAsync();

        Assert.That(host.Model.Requests[0].Body.GetRawText(), Does.Not.Contain("ask_person"));
    }

    [Test]
    public async Task Answer_OutOfBandByADoor_IsRefused(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            static request => request.Turn == 0 ? Ask(new { question = "Which region?" }) : ChatReply.Say("done"),
            "rules: [{name: r, when: {tool: ask_person}, then: allow, answer: {roles: [approver], inBand: false}}]");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        QuestionService questions = host.Get<QuestionService>();
        Caller program = Bo with { Door = new CallerDoor("mcp") };
        JsonElement weu = JsonElement.Parse("""{"answer":"weu"}""");

        Assert.That(() => questions.AnswerAsync(asked.Id, program, weu, cancellationToken), Code(ErrorCode.NotAllowed, "mcp"));
        Assert.That(() => questions.DeclineAsync(asked.Id, program, null, cancellationToken), Code(ErrorCode.NotAllowed, "'r'"));
        await questions.AnswerAsync(asked.Id, Bo, weu, cancellationToken);

        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Result?.Text, Is.EqualTo("done"));
    }

    [Test]
    public void Policy_WithAnswerTerms_IsRead()
    {
        string file = _folder.Write("p.yaml", """
            rules:
              - name: ask
                when: {tool: ask_person}
                then: allow
                answer: {roles: [lead], remind: 30m, escalateAfter: 2h, escalateTo: [head], expires: 2d, onExpiry: fail, inBand: false}
            """);

        var rule = (PolicyRule)PolicySource.Load(file, []).Rules.Single();

        AnswerTerms terms = rule.Answer.Answer!;
        Assert.That((terms.Roles, terms.EscalateTo),
            Is.EqualTo((new[] { "lead" }, new[] { "head" }))
                .Using<(IReadOnlyList<string> A, IReadOnlyList<string> B)>(static (a, b) => a.A.SequenceEqual(b.A)
                    && a.B.SequenceEqual(b.B)));
        Assert.That(
            (terms.Remind, terms.EscalateAfter, terms.Expires, terms.OnExpiry, terms.InBand),
            Is.EqualTo((TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromDays(2), QuestionExpiry.Fail, false)));
        Assert.That(
            () => PolicySource.Load(_folder.Write("bad.yaml",
                "rules: [{name: a, when: {tool: x}, then: ask, answer: {roles: [lead]}}]"), []),
            Throws.TypeOf<AgentException>().With.Message.Contains("answer"));
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Code(ErrorCode code, string words = "") =>
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(code).And.Message.Contains(words);

    private static ChatReply Ask(object arguments) => ChatReply.Call("ask_person", arguments);

    private static async Task<Question> PendingAsync(RunHost host, string runId, CancellationToken cancellationToken) =>
        (await PendingAsync(host, runId, 1, cancellationToken))[0];

    private static async Task<IReadOnlyList<Question>> PendingAsync(RunHost host, string runId, int count,
        CancellationToken cancellationToken)
    {
        return await Poll.ForAsync(
            async () =>
            {
                Question[] asked = [.. (await host.Get<QuestionService>()
                    .ListPendingAsync(null,
                        cancellationToken)).Where(question => question.RunId == runId && question.Reminders > 0)];
                Run run = await host.Reader.GetAsync(runId, cancellationToken);
                Assert.That(run.IsEnded, Is.False, run.Result?.Text);
                return asked.Length == count && (run.Status == RunStatus.Waiting || !asked[0].IsAwaited) ? asked : null;
            },
            cancellationToken);
    }

    /// <summary>Lets half an hour pass, unless a call is under way: its time-out goes by the same clock.</summary>
    private async Task PassAsync(RunHost host, string runId)
    {
        if ((await host.Reader.GetAsync(runId)).Status == RunStatus.Waiting)
        {
            _time.Advance(TimeSpan.FromMinutes(30));
        }
    }

    private Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script, string? policy = null) => RunHost.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time), script,
        [AgentTool.Create("look", "Looks.", ToolEffect.None, static () => "seen")],
        static agent => agent.WithTools("ask_person", "look"),
        policy is null ? [] : [("Governance:PolicyPath", _folder.Write("policy.yaml", policy))]);
}

/// <summary>Waiting in a time that a test moves.</summary>
internal static class MovedTime
{
    /// <summary>Moves the time on, again and again, until a task is over.</summary>
    public static async Task<T> WhileAsync<T>(this Task<T> task, Func<Task> move)
    {
        await Poll.UntilAsync(async () =>
        {
            if (!task.IsCompleted)
            {
                await move();
            }

            return task.IsCompleted;
        });
        return await task;
    }
}
