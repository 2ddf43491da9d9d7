using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.AgUi;
using AgentFunctions.AspNetCore.Doors.OpenAI;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What the doors of OpenAI and AG-UI make of statuses, events, questions, ids and errors, row by row.</summary>
internal sealed class DoorTablesTests
{
    private const string Run = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly JsonElement None = JsonElement.Parse("{}");

    /// <summary>Each type of event of the journal, with what AG-UI and Responses tell of it.</summary>
    private static readonly Dictionary<string, (RunFrame Frame, string[] AgUi, string[] Responses)> Events = new()
    {
        [JournalEventTypes.ModelCompleted] = (
            new TurnRecorded(9, 1, 1, "Said.", [new AskedCall(0, "look", None)], new TokenUsage(), false),
            ["TEXT_MESSAGE_END", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"],
            [
                "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added",
                "response.output_item.done",
            ]),
        [JournalEventTypes.ToolStarted] = (
            new CallStarted(9, 1, new AskedCall(0, "look", None), false), [],
            ["response.output_item.added", "response.mcp_call.in_progress", "response.mcp_call_arguments.done"]),
        [JournalEventTypes.ToolCompleted] = (
            new CallEnded(9, 1, new AskedCall(0, "look", None), Noted(JournalEventTypes.ToolCompleted), false, false, "seen"),
            ["TOOL_CALL_RESULT"],
            [
                "response.output_item.added", "response.mcp_call.in_progress", "response.mcp_call_arguments.done",
                "response.mcp_call.completed", "response.output_item.done",
            ]),
        [JournalEventTypes.RunEnded] = (
            new ExchangeEnded(9, Noted(JournalEventTypes.RunEnded) with { Code = "completed" }), ["RUN_FINISHED"],
            ["response.completed"]),
        [JournalEventTypes.MessageReceived] = Custom(JournalEventTypes.MessageReceived),
        [JournalEventTypes.ContextCompacted] = Custom(JournalEventTypes.ContextCompacted),
        [JournalEventTypes.AnswerChecked] = Custom(JournalEventTypes.AnswerChecked),
        [JournalEventTypes.RunSubmitted] = Silent(JournalEventTypes.RunSubmitted),
        [JournalEventTypes.RunNoted] = Silent(JournalEventTypes.RunNoted),
        [JournalEventTypes.ToolsArrived] = Silent(JournalEventTypes.ToolsArrived),
        [JournalEventTypes.ModelLost] = Silent(JournalEventTypes.ModelLost),
        [JournalEventTypes.ModelSwitched] = Silent(JournalEventTypes.ModelSwitched),
        [JournalEventTypes.BudgetGranted] = Silent(JournalEventTypes.BudgetGranted),
        [JournalEventTypes.RunPaused] = State(JournalEventTypes.RunPaused),
        [JournalEventTypes.RunResumed] = State(JournalEventTypes.RunResumed),
        [JournalEventTypes.RunCancelRequested] = Silent(JournalEventTypes.RunCancelRequested),
        [JournalEventTypes.ApprovalRequested] = State(JournalEventTypes.ApprovalRequested),
        [JournalEventTypes.ApprovalDecided] = State(JournalEventTypes.ApprovalDecided),
        [JournalEventTypes.ApprovalWithdrawn] = State(JournalEventTypes.ApprovalWithdrawn),
        [JournalEventTypes.QuestionAsked] = State(JournalEventTypes.QuestionAsked),
        [JournalEventTypes.QuestionAnswered] = State(JournalEventTypes.QuestionAnswered),
        [JournalEventTypes.QuestionDeclined] = State(JournalEventTypes.QuestionDeclined),
        [JournalEventTypes.QuestionExpired] = State(JournalEventTypes.QuestionExpired),
        [JournalEventTypes.QuestionWithdrawn] = State(JournalEventTypes.QuestionWithdrawn),
        [JournalEventTypes.StepRetrying] = Silent(JournalEventTypes.StepRetrying),
        [JournalEventTypes.CallbackFailed] = Silent(JournalEventTypes.CallbackFailed),
        [JournalEventTypes.WorkspaceRestored] = Silent(JournalEventTypes.WorkspaceRestored),
        [JournalEventTypes.RunSuperseded] = Silent(JournalEventTypes.RunSuperseded),
    };

    private static IEnumerable<string> Types => typeof(JournalEventTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static one => (string)one.GetValue(null)!);

    private static IEnumerable<ErrorCode> Codes => Enum.GetValues<ErrorCode>();

    [TestCaseSource(nameof(Types))]
    public void Event_OfEachType_IsToldAsTheTableSays(string type)
    {
        Assert.That(Events, Does.ContainKey(type), "a new type of event: say what the doors tell of it");
        (RunFrame frame, string[] agui, string[] responses) = Events[type];
        ResponseFold fold = Response(null);
        if (frame is TurnRecorded)
        {
            fold.Take(new TextStarted(1, 1, 1));
        }

        Assert.That(AgUi().Take(frame).Select(TypeOf), Is.EqualTo(agui));
        Assert.That(fold.Take(frame).Select(TypeOf), Is.EqualTo(responses));
    }

    [TestCase("completed", null, "completed", "response.completed", "success")]
    [TestCase("cancelled", null, "cancelled", "response.incomplete", "cancelled")]
    [TestCase("failed", "ModelRateLimited", "failed", "response.failed", "modelRateLimited", "rate_limit_exceeded")]
    [TestCase("failed", "ModelContextExceeded", "failed", "response.failed", "modelContextExceeded", "invalid_prompt")]
    [TestCase("failed", "InvalidInput", "failed", "response.failed", "invalidInput", "invalid_prompt")]
    [TestCase("failed", "ModelRefused", "failed", "response.failed", "modelRefused", "server_error")]
    [TestCase("failed", null, "failed", "response.failed", "failed", "server_error")]
    [TestCase("budgetExhausted", "StepLimitReached", "incomplete", "response.incomplete", "stepLimitReached",
        "max_output_tokens")]
    public void Status_OfARunThatEnded_IsTheProtocols(
        string code, string? error, string status, string type, string agui, string? reason = null)
    {
        var ended = new ExchangeEnded(9, Noted(JournalEventTypes.RunEnded) with { Code = code });
        RunError? failure = error is null ? null : new RunError(error, "Why.");

        JsonObject told = Response(failure).Take(ended).Single();
        JsonObject finished = AgUi(failure).Take(ended).Single();

        JsonNode response = told["response"]!;
        Assert.That((TypeOf(told), response["status"]!.ToString()), Is.EqualTo((type, status)));
        string? why = response["error"]?["code"]?.ToString() ?? response["incomplete_details"]?["reason"]?.ToString();
        Assert.That(why, Is.EqualTo(reason));
        Assert.That(response["metadata"]?["agentfunctions_code"]?.ToString(),
            Is.EqualTo(reason is null ? null : error ?? "internalError"));
        Assert.That(TypeOf(finished), Is.EqualTo(code is "completed" or "cancelled" ? "RUN_FINISHED" : "RUN_ERROR"));
        Assert.That((finished["outcome"]?["type"] ?? finished["code"])!.ToString(), Is.EqualTo(agui));
    }

    [TestCase("waiting", JournalEventTypes.ApprovalRequested)]
    [TestCase("waiting", JournalEventTypes.ApprovalRequested, JournalEventTypes.QuestionAsked, JournalEventTypes.ApprovalDecided)]
    [TestCase("running", JournalEventTypes.QuestionAsked, JournalEventTypes.QuestionDeclined)]
    [TestCase("paused", JournalEventTypes.RunPaused)]
    [TestCase("running", JournalEventTypes.RunPaused, JournalEventTypes.RunResumed)]
    public void Status_OfARunThatGoesOn_IsInTheStateOfAgUi(string status, params string[] types)
    {
        AgUiFold fold = AgUi();
        JsonObject begun = fold.Begin(RunStatus.Queued).Last();

        JsonObject last = types.SelectMany(type => fold.Take(new RunNoted(9, Noted(type)))).Last();

        Assert.That(begun["snapshot"]!["status"]!.ToString(), Is.EqualTo("queued"));
        JsonNode change = last["delta"]![0]!;
        Assert.That(
            (change["op"]!.ToString(), change["path"]!.ToString(), change["value"]!.ToString()),
            Is.EqualTo(("replace", "/status", status)));
    }

    [TestCase("subAgents")]
    [TestCase("job")]
    [TestCase("modelCapacity")]
    [TestCase("reviewCapacity")]
    [TestCase(null)]
    public void Wait_OfEachKind_IsInTheStateOfAgUi(string? kind)
    {
        RunWaiting? wait = kind is null ? null : new RunWaiting(kind, "w-1", At) { Message = "Why." };
        AgUiFold fold = AgUi();
        JsonObject begun = fold.Begin(RunStatus.Running).Last();

        JsonNode change = fold.Take(new WaitChanged(wait)).Single()["delta"]![0]!;

        Assert.That(begun["snapshot"]!["waitingFor"]!.ToJsonString(), Is.EqualTo("{}"), "a change replaces what is there");
        Assert.That((change["op"]!.ToString(), change["path"]!.ToString()), Is.EqualTo(("replace", "/waitingFor")));
        Assert.That(
            change["value"]!.ToJsonString(),
            Is.EqualTo(kind is null ? "{}"
                : $$"""{"kind":"{{kind}}","id":"w-1","until":"2026-01-02T03:04:05.000Z","message":"Why."}"""));
        Assert.That(Response(null).Take(new WaitChanged(wait)), Is.Empty);
    }

    [Test]
    public void Status_OfATextThatWasCut_IsIncomplete()
    {
        ResponseFold fold = Response(null);
        fold.Take(new TextStarted(1, 1, 1));
        fold.Take(new TurnRecorded(2, 1, 1, "Cut", [], new TokenUsage(), true));

        JsonObject told = fold.Take(new ExchangeEnded(9, Noted(JournalEventTypes.RunEnded) with { Code = "completed" }))[^1];

        Assert.That(told["response"]!["incomplete_details"]!["reason"]!.ToString(), Is.EqualTo("max_output_tokens"));
    }

    [Test]
    public void Text_AfterWhichTheRunGoesOn_IsNoPartOfTheAnswer()
    {
        ResponseFold fold = Response(null);
        fold.Take(new TextStarted(1, 1, 1));
        Assert.That(fold.Take(new TurnRecorded(2, 1, 1, "No form", [], new TokenUsage(), false)), Is.Empty, "not known yet");
        fold.Take(new RunNoted(9, Noted(JournalEventTypes.AnswerChecked) with { IsError = true }));
        fold.Take(new TextStarted(10, 2, 1));
        fold.Take(new TurnRecorded(11, 2, 1, "The form", [], new TokenUsage(), false));

        IReadOnlyList<JsonObject> told =
            fold.Take(new ExchangeEnded(99, Noted(JournalEventTypes.RunEnded) with { Code = "completed" }));

        Assert.That(
            told[^1]["response"]!["output"]!.AsArray().Select(static item =>
                $"{item!["type"]}: {item["content"]?.AsArray().FirstOrDefault()?["text"]}"),
            Is.EqualTo((string[])["message: ", "reasoning: ", "message: The form"]));
    }

    [TestCase(ApprovalQuestion.Call, "tool_call")]
    [TestCase(ApprovalQuestion.Repeat, "confirmation")]
    public void Approval_IsAnInterruptAndAnItem(ApprovalQuestion question, string reason)
    {
        Approval approval = ApprovalOf(question);
        var cut = new ExchangeInterrupted(9, 1, [new OpenQuestion { Approval = approval, MayAnswer = true }], []);

        IReadOnlyList<JsonObject> agui = AgUi().Take(cut);
        IReadOnlyList<JsonObject> responses = Response(null).Take(cut);

        JsonNode interrupt = agui[^1]["outcome"]!["interrupts"]![0]!;
        Assert.That(agui.Select(TypeOf), Is.EqualTo((string[])["MESSAGES_SNAPSHOT", "RUN_FINISHED"]));
        Assert.That(
            (interrupt["id"]!.ToString(), interrupt["reason"]!.ToString(), interrupt["toolCallId"]!.ToString(),
                interrupt["expiresAt"]!.ToString()),
            Is.EqualTo(("approval-1", reason, $"{Run}/1/0", "2026-01-05T03:04:05.000Z")));
        Assert.That(interrupt["metadata"]!["callHash"]!.ToString(), Is.EqualTo("hash"));
        Assert.That(
            interrupt["responseSchema"]!["properties"]!.AsObject().Select(static one => one.Key),
            Is.EqualTo((string[])["approved", "editedArgs", "comment", "callHash"]));
        Assert.That(
            responses.Select(TypeOf),
            Is.EqualTo((string[])["response.output_item.added", "response.output_item.done", "response.completed"]));
        JsonNode item = responses[1]["item"]!;
        Assert.That(
            (item["type"]!.ToString(), item["id"]!.ToString(), item["name"]!.ToString(), item["arguments"]!.ToString()),
            Is.EqualTo(("mcp_approval_request", "mcpr_approval-1", "send", """{"to":"ben"}""")));
    }

    [Test]
    public void Question_IsAnInterruptOfItsOwnForm()
    {
        var question = new Question
        {
            Id = "question-1",
            RunId = Run,
            RootId = Run,
            Turn = 1,
            Call = 0,
            Tool = "ask_person",
            Text = "Which one?",
            Form = JsonElement.Parse("""{"type":"object","properties":{"answer":{"type":"string"}}}"""),
            Context = [],
            Requester = "ada",
            Chain = [],
            Goal = "g",
            Rule = "r",
            Terms = new AnswerTerms(),
            CreatedAt = At,
        };
        var open = new OpenQuestion { Question = question, MayAnswer = true };

        JsonNode interrupt = AgUi().Take(new ExchangeInterrupted(9, 1, [open], []))[^1]["outcome"]!["interrupts"]![0]!;

        Assert.That(
            (interrupt["id"]!.ToString(), interrupt["reason"]!.ToString(), interrupt["message"]!.ToString()),
            Is.EqualTo(("question-1", "input_required", "Which one?")));
        Assert.That(interrupt["responseSchema"]!["properties"]!["answer"], Is.Not.Null);
        Assert.That(Responses.Carries(open), Is.False, "Responses has no item for a form");
    }

    [Test]
    public void CallOfTheClient_IsPendingAndAnItem()
    {
        var call = new ClientCall($"{Run}/1/0", Run, 1, 0, "get_weather", JsonElement.Parse("""{"city":"Rome"}"""), At, At);
        AgUiFold fold = AgUi();
        fold.Take(new TurnRecorded(1, 1, null, "", [new AskedCall(0, "get_weather", JsonElement.Parse("""{"city":"Bern"}"""))],
            new TokenUsage(), false));
        var cut = new ExchangeInterrupted(9, 1, [], [call]);

        IReadOnlyList<JsonObject> agui = fold.Take(cut);
        IReadOnlyList<JsonObject> responses = Response(null).Take(cut);

        Assert.That(agui.Select(TypeOf), Is.EqualTo((string[])["MESSAGES_SNAPSHOT", "RUN_FINISHED"]),
            "a rule has changed the arguments");
        Assert.That(agui[0]["messages"]![0]!["toolCalls"]![0]!["function"]!["arguments"]!.ToString(),
            Is.EqualTo("""{"city":"Rome"}"""));
        Assert.That(agui[1]["outcome"]!["type"]!.ToString(), Is.EqualTo("success"));
        Assert.That(agui[1]["outcome"]!["pendingToolCallIds"]![0]!.ToString(), Is.EqualTo($"{Run}/1/0"));
        Assert.That(
            responses.Select(TypeOf),
            Is.EqualTo((string[])
            [
                "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done",
                "response.output_item.done", "response.completed",
            ]));
        Assert.That(responses.Select(static one => one["sequence_number"]!.GetValue<long>()).Take(4), Is.Ordered.And.Unique);
        Assert.That(
            (responses[3]["item"]!["type"]!.ToString(), responses[3]["item"]!["call_id"]!.ToString()),
            Is.EqualTo(("function_call", $"{Run}/1/0")));
        Assert.That(responses[^1]["response"]!["status"]!.ToString(), Is.EqualTo("completed"));
    }

    [Test]
    public void Calls_AndApprovalsAtOnce_HaveNumbersOfTheirOwn()
    {
        var approval = new OpenQuestion { Approval = ApprovalOf(ApprovalQuestion.Call), MayAnswer = true };
        ClientCall[] calls = [.. Enumerable.Range(1, 70)
            .Select(static i => new ClientCall($"{Run}/1/{i}", Run, 1, i, "x", None, At, At))];

        long[] numbers =
        [
            .. Response(null).Take(new ExchangeInterrupted(StreamNumbers.OfEnd(7), 7, [approval], calls))
                .Select(static one => one["sequence_number"]!.GetValue<long>()),
        ];

        Assert.That(numbers, Is.Ordered.And.Unique);
        Assert.That(numbers[0], Is.GreaterThan(StreamNumbers.OfEvent(6)));
    }

    [TestCase(0, "resp_" + Run)]
    [TestCase(12, "resp_" + Run + "_12")]
    public void Id_OfAResponse_NamesItsRunAndItsBeginning(long from, string id)
    {
        Assert.That(ResponseId.Of(Run, from), Is.EqualTo(id));
        Assert.That(ResponseId.Read(id), Is.EqualTo((Run, from)));
        Assert.That(AgentFunctions.AspNetCore.Doors.OpenAI.Conversation.Read($"conv_{Run}"), Is.EqualTo(Run));
    }

    [TestCase("resp_")]
    [TestCase("resp_x")]
    [TestCase("resp_" + Run + "_-1")]
    [TestCase("resp_" + Run + "_1_2")]
    [TestCase("conv_" + Run)]
    public void Id_OfNoResponse_IsNotFound(string id) =>
        Assert.That(Assert.Throws<OpenAIException>(() => ResponseId.Read(id))!.Status, Is.EqualTo(404));

    [TestCaseSource(nameof(Codes))]
    public void Error_OfEachCode_IsAnAnswerThatClientsDoNotRepeatInVain(ErrorCode code)
    {
        OpenAIException told = OpenAIException.Of(new AgentException(code, "field: what."));

        (int status, string type) = code switch
        {
            ErrorCode.RunNotFound or ErrorCode.RunErased or ErrorCode.AgentNotFound or ErrorCode.ModelNotFound =>
                (404, "invalid_request_error"),
            ErrorCode.NotAllowed => (403, "permission_error"),
            ErrorCode.QuotaExceeded => (429, "rate_limit_error"),
            ErrorCode.EngineUnavailable or ErrorCode.Overloaded or ErrorCode.DataFileInUse or ErrorCode.DataFileUnusable =>
                (503, "server_error"),
            _ => ErrorStatus.Of(code) >= 500 ? (500, "server_error") : (400, "invalid_request_error"),
        };
        Assert.That(told.Message, status >= 500 ? Does.Not.Contain("field:") : Is.Not.Empty, "what is wrong with the host");
        Assert.That((told.Status, told.Type), Is.EqualTo((status, type)));
        Assert.That(told.Code, Is.Not.Empty);
    }

    [TestCaseSource(nameof(Codes))]
    public void Error_OfEachCode_IsToldInAStreamOfAgUiIfItIsOfTheDialogue(ErrorCode code)
    {
        bool isOfDialogue = code is ErrorCode.RunNotFound or ErrorCode.RunErased or ErrorCode.RunStateForbids
            or ErrorCode.IdempotencyKeyReused
            or ErrorCode.ApprovalStateForbids or ErrorCode.ApprovalExpired or ErrorCode.QuestionStateForbids
            or ErrorCode.QuestionExpired
            or ErrorCode.Stopped;

        Assert.That(AgUiErrors.IsTold(code), Is.EqualTo(isOfDialogue));
        Assert.That(isOfDialogue || ErrorStatus.Of(code) != 200);
    }

    private static (RunFrame Frame, string[] AgUi, string[] Responses) Silent(string type) =>
        (new RunNoted(9, Noted(type)), [], []);

    private static (RunFrame Frame, string[] AgUi, string[] Responses) State(string type) =>
        (new RunNoted(9, Noted(type)), ["STATE_DELTA"], []);

    private static (RunFrame Frame, string[] AgUi, string[] Responses) Custom(string type) =>
        (new RunNoted(9, Noted(type)), ["CUSTOM"], []);

    private static JournalEvent Noted(string type) => new(type, At) { Text = "Text." };

    internal static Approval ApprovalOf(ApprovalQuestion question) => new()
    {
        Id = "approval-1",
        Question = question,
        RunId = Run,
        RootId = Run,
        Turn = 1,
        Call = 0,
        Tool = "send",
        Effect = ToolEffect.NotIdempotent,
        Risk = RiskLevel.High,
        Arguments = JsonElement.Parse("""{"to":"ben"}"""),
        CallHash = "hash",
        Group = "g",
        Requester = "ada",
        Chain = [],
        Goal = "g",
        Rule = "r",
        Terms = new ApprovalTerms { Expires = TimeSpan.FromDays(3) },
        CreatedAt = At,
    };

    private static AgUiFold AgUi(RunError? error = null) => new("t", "r", Run, [], () => error);

    private static ResponseFold Response(RunError? error) =>
        new(new JsonObject { ["metadata"] = new JsonObject() }, Run) { Error = error };

    private static string TypeOf(JsonObject told) => told["type"]!.ToString();
}
