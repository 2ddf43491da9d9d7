using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Steps;

[CancelAfter(300_000)]
internal sealed class AcceptanceTests
{
    private static readonly JsonElement Schema = JsonSerializer.Deserialize<JsonElement>(
        """{"type": "object", "required": ["sheep"], "properties": {"sheep": {"type": "integer"}}}""");

    private static readonly RunAcceptance Command =
        new() { Criteria = "The file is there.", Command = ["test", "-f", "done.txt"] };

    [Test]
    public async Task Run_AnswerIsNotOfTheSchema_TellsTheModelWhatIsWrongUntilItIs()
    {
        string[] answers = ["There are 42.", """{"sheep": "many"}""", "```json\n{\"sheep\": 42}\n```"];
        await using RunHost host = await RunHost.StartAsync(request => ChatReply.Say(answers[request.Index]));

        Run run = await host.RunAsync(request: new() { Acceptance = new() { Schema = Schema } });

        Assert.That((run.Status, run.Turns, run.Steps), Is.EqualTo((RunStatus.Completed, 3, 6)));
        Assert.That(host.Model.Requests[1].Last("user"), Does.Contain("not accepted").And.Contain("must be JSON"));
        Assert.That(host.Model.Requests[2].Last("user"), Does.Contain("sheep must be an integer"));
        Assert.That(host.Model.Requests[0].Last("user"), Does.Contain("\"required\":[\"sheep\"]"),
            "the model knows the schema from the start");
        Assert.That((await host.JournalAsync(run.Id)).Where(e => e.Type == JournalEventTypes.AnswerChecked)
            .Select(e => e.IsError), Is.EqualTo(new bool?[] { true, true, null }));
    }

    [TestCase("""{"type":"integer","minimum":3}""", "2", "3.0")]
    [TestCase("""{"type":"string","pattern":"^[A-Z]{3}$"}""", "\"abc\"", "\"ABC\"")]
    [TestCase("""{"const":{"done":true}}""", """{"done":false}""", """{ "done": true }""")]
    [TestCase("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"number","multipleOf":0.1}}}""", "0.35", "0.3")]
    [TestCase("""{"anyOf":[{"type":"string"},{"type":"array","uniqueItems":true}]}""", "[1,1]", "[1,2]")]
    [TestCase("""{"properties":{"at":{"format":"date"}},"required":["at"]}""", """{"at":"soon"}""", """{"at":"2026-11-25"}""")]
    [TestCase("""{"type":"integer"}""", "\"5\"", "5")]
    public async Task Run_SchemaDecides_RefusesTheWrongAnswerAndTakesTheRightOne(string schema, string wrong, string right)
    {
        await using RunHost host = await RunHost.StartAsync(request => ChatReply.Say(request.Index == 0 ? wrong : right));

        Run run = await host.RunAsync(request: new() { Acceptance = new() { Schema = JsonElement.Parse(schema) } });

        Assert.That((run.Status, run.Turns, run.Result?.Text), Is.EqualTo((RunStatus.Completed, 2, right)));
    }

    [Test]
    public async Task Submit_SchemaThatCannotBeCheckedWhole_IsRefusedAndNamesThePlace()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("never asked"));
        JsonElement schema = JsonElement.Parse("""{"properties":{"a":{"minimun":3}}}""");

        Assert.That(
            () => host.SubmitAsync(request: new() { Acceptance = new() { Schema = schema } }),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.InvalidInput)
                .And.Message.Contains("acceptance.schema").And.Message.Contains("$.properties.a: 'minimun'"));
        Assert.That(host.Model.Requests, Is.Empty);
    }

    [Test]
    public async Task Run_CommandDoesNotPass_GivesItsOutputToTheModelAndAcceptsWhenItDoes()
    {
        RunHost? used = null;
        await using RunHost host = used = await RunHost.StartWithWorkspaceAsync(request =>
        {
            if (request.Index == 1)
            {
                File.WriteAllText(Path.Combine(used!.Workspace, "done.txt"), "x");
            }

            return ChatReply.Say($"answer {request.Index}");
        }, "test");

        Run run = await host.RunAsync(request: new() { Acceptance = Command });

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "answer 1")));
        Assert.That(host.Model.Requests[1].Last("user"),
            Does.Contain("`test -f done.txt` does not pass").And.Contain("exit code 1"));
        Assert.That(run.Acceptance, Is.Not.Null);
        Assert.That(run.Acceptance!.Command, Is.EqualTo(Command.Command));
    }

    [Test]
    public async Task Run_NeverAccepted_FailsAfterTheAttemptsAndCanBeTakenUpAgain()
    {
        await using RunHost host = await RunHost.StartWithWorkspaceAsync(request => ChatReply.Say($"answer {request.Index}"),
            "test");

        Run run = await host.RunAsync(request: new() { Acceptance = Command with { MaxAttempts = 2 } });
        Assert.That((run.Status, run.Error?.Code, host.Model.Count), Is.EqualTo((RunStatus.Failed, "AnswerNotAccepted", 2)));
        Assert.That(run.Result?.Text, Is.EqualTo("answer 1"), "what was reached is not lost");

        File.WriteAllText(Path.Combine(host.Workspace, "done.txt"), "x");
        await host.Steering.ResumeAsync(run.Id);
        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Run_Judge_SeesTheAnswerAndTheRubricInAContextOfItsOwn()
    {
        int answers = 0;
        await using RunHost host = await RunHost.StartAsync(request => IsJudge(request)
            ? ChatReply.Say(request.Last("user").Contains("answer 2", StringComparison.Ordinal)
                ? "My verdict: {\"accepted\": true, \"findings\": \"\"}"
                : "{\"accepted\": false, \"findings\": \"Name the source.\"}") with
            { Usage = new(700, 30) }
            : ChatReply.Say($"answer {Interlocked.Increment(ref answers)}"));

        Run run = await host.RunAsync(request: new() { Acceptance = new() { Judge = new RunJudge("Sources are named.") } });

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "answer 2")));
        ChatRequest[] judged = [.. host.Model.Requests.Where(IsJudge)];
        Assert.That(judged, Has.Length.EqualTo(2));
        Assert.That(judged[1].Messages, Has.Count.EqualTo(2));
        Assert.That(judged[1].Body.GetRawText(),
            Does.Contain("Sources are named.").And.Contain("Reach the goal.").And.Not.Contain("answer 1"));
        Assert.That(judged[1].Tools, Is.Empty);
        Assert.That(run.Usage.InputTokens, Is.EqualTo((2 * 700) + (2 * 10)), "what the judge consumed counts");
    }

    [TestCase("I think it is fine.")]
    [TestCase("{\"accepted\": \"yes\"}")]
    [TestCase("{\"accepted\": tr")]
    public async Task Run_JudgeGivesNoVerdict_DoesNotAccept(string verdict)
    {
        await using RunHost host = await RunHost.StartAsync(request => ChatReply.Say(IsJudge(request) ? verdict : "answer"));

        Run run = await host.RunAsync(request: new()
        {
            Acceptance = new()
            {
                Judge = new RunJudge("All is well."),
                MaxAttempts = 1
            }
        });

        Assert.That((run.Status, run.Error?.Code), Is.EqualTo((RunStatus.Failed, "AnswerNotAccepted")));
    }

    [Test]
    public async Task Check_DeliveredAgainAfterACrash_TakesTheVerdictThatIsThere()
    {
        await using RunHost host =
            await RunHost.StartAsync(request => ChatReply.Say(IsJudge(request) ? "{\"accepted\": true}" : "answer"));
        Run run = await host.RunAsync(request: new() { Acceptance = new() { Judge = new RunJudge("All is well.") } });
        int asked = host.Model.Count;

        var context = new ActivityContext(run.Id, StepNames.CheckAcceptance, 1, CancellationToken.None);
        CheckAcceptanceResult again = await host.Get<CheckAcceptanceActivity>()
            .RunAsync(context, new CheckAcceptanceInput(run.Id, run.Turns, new ContextRef()));

        Assert.That((again.Accepted, host.Model.Count), Is.EqualTo((true, asked)));
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == JournalEventTypes.AnswerChecked), Is.EqualTo(1));
    }

    [Test]
    public async Task Submit_CheckThatCannotBeMade_IsRefusedAtOnce()
    {
        await using RunHost host = await RunHost.StartWithWorkspaceAsync(_ => ChatReply.Say("done"), "test");

        Assert.That(Refusal(new() { Command = ["rm", "-rf", "."] }),
            Throws.TypeOf<AgentException>().With.Message.Contains("acceptance.command"));
        Assert.That(Refusal(new() { Command = [] }), Throws.TypeOf<AgentException>().With.Message.Contains("acceptance.command"));
        Assert.That(Refusal(new() { Judge = new RunJudge("x", "nobody") }),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ModelNotFound));
        Assert.That(Refusal(new() { Judge = new RunJudge(" ") }),
            Throws.TypeOf<AgentException>().With.Message.Contains("acceptance.judge.rubric"));
        Assert.That(Refusal(new() { Schema = Schema, MaxAttempts = 0 }),
            Throws.TypeOf<AgentException>().With.Message.Contains("acceptance.maxAttempts"));

        Func<Task> Refusal(RunAcceptance acceptance) => () => host.SubmitAsync(request: new() { Acceptance = acceptance });
    }

    [TestCase("\"in words\"")]
    [TestCase("""{"criteria":"x","command":["test","-f","a"],"schema":{"type":"object"},"judge":{"rubric":"r","model":"m"},"maxAttempts":5}""")]
    public void Json_OfAnAcceptance_IsReadAndWrittenAlike(string json) =>
        Assert.That(JsonSerializer.Serialize(JsonSerializer.Deserialize<RunAcceptance>(json)), Is.EqualTo(json));

    [Test]
    public void Json_UnknownField_IsRefused() =>
        Assert.That(() => JsonSerializer.Deserialize<RunAcceptance>("""{"comand":["test"]}"""), Throws.TypeOf<JsonException>());

    private static bool IsJudge(ChatRequest request) =>
        request.Messages[0].GetRawText().Contains("You judge", StringComparison.Ordinal);
}
