using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.A2A;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What the door for A2A makes of statuses, questions and errors, row by row.</summary>
internal sealed class A2ATablesTests
{
    private const string Id = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>What a stream tells of each type of event of the journal.</summary>
    private static readonly Dictionary<string, TaskTelling> Events = new()
    {
        [JournalEventTypes.ModelCompleted] = TaskTelling.Words,
        [JournalEventTypes.ToolCompleted] = TaskTelling.Files,
        [JournalEventTypes.ApprovalRequested] = TaskTelling.Status,
        [JournalEventTypes.ApprovalDecided] = TaskTelling.Status,
        [JournalEventTypes.ApprovalWithdrawn] = TaskTelling.Status,
        [JournalEventTypes.QuestionAsked] = TaskTelling.Status,
        [JournalEventTypes.QuestionAnswered] = TaskTelling.Status,
        [JournalEventTypes.QuestionDeclined] = TaskTelling.Status,
        [JournalEventTypes.QuestionExpired] = TaskTelling.Status,
        [JournalEventTypes.QuestionWithdrawn] = TaskTelling.Status,
        [JournalEventTypes.RunPaused] = TaskTelling.Status,
        [JournalEventTypes.RunResumed] = TaskTelling.Status,
        // The stream begins with the task, and ends with its artifacts and its last status.
        [JournalEventTypes.RunSubmitted] = TaskTelling.Nothing,
        [JournalEventTypes.RunEnded] = TaskTelling.Nothing,
        // A message stands in the history of the task.
        [JournalEventTypes.MessageReceived] = TaskTelling.Nothing,
        [JournalEventTypes.ToolStarted] = TaskTelling.SubAgent,
        [JournalEventTypes.ToolsArrived] = TaskTelling.Nothing,
        [JournalEventTypes.ModelLost] = TaskTelling.Nothing,
        [JournalEventTypes.ModelSwitched] = TaskTelling.Nothing,
        [JournalEventTypes.BudgetGranted] = TaskTelling.Status,
        [JournalEventTypes.ContextCompacted] = TaskTelling.Nothing,
        [JournalEventTypes.AnswerChecked] = TaskTelling.Nothing,
        [JournalEventTypes.RunNoted] = TaskTelling.Nothing,
        [JournalEventTypes.RunCancelRequested] = TaskTelling.Nothing,
        [JournalEventTypes.RunSuperseded] = TaskTelling.Nothing,
        [JournalEventTypes.StepRetrying] = TaskTelling.Nothing,
        [JournalEventTypes.CallbackFailed] = TaskTelling.Nothing,
        [JournalEventTypes.WorkspaceRestored] = TaskTelling.Nothing,
    };

    private static IEnumerable<string> Types => typeof(JournalEventTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static one => (string)one.GetValue(null)!);

    private static IEnumerable<ErrorCode> Codes => Enum.GetValues<ErrorCode>();

    private static IEnumerable<RunStatus> Statuses => Enum.GetValues<RunStatus>();

    [TestCase(RunStatus.Queued, null, null, "SUBMITTED")]
    [TestCase(RunStatus.Running, null, null, "WORKING")]
    [TestCase(RunStatus.Waiting, true, null, "INPUT_REQUIRED")]
    [TestCase(RunStatus.Waiting, false, null, "AUTH_REQUIRED")]
    [TestCase(RunStatus.Waiting, null, null, "WORKING")]
    [TestCase(RunStatus.Paused, null, null, "WORKING")]
    [TestCase(RunStatus.Completed, null, null, "COMPLETED")]
    [TestCase(RunStatus.Failed, null, "ModelTimeout", "FAILED")]
    [TestCase(RunStatus.Failed, null, "ModelRefused", "REJECTED")]
    [TestCase(RunStatus.Failed, null, "ModelContentFiltered", "REJECTED")]
    [TestCase(RunStatus.BudgetExhausted, null, "StepLimitReached", "FAILED")]
    [TestCase(RunStatus.Cancelled, null, null, "CANCELED")]
    public void Status_OfARun_IsAStateOfItsTask(RunStatus status, bool? mayAnswer, string? error, string state)
    {
        RunStand stand = Stand(status, error, mayAnswer);

        Assert.That(TaskView.StateOf(stand), Is.EqualTo($"TASK_STATE_{state}"));
        JsonObject told = TaskView.StatusOf(stand);
        Assert.That(told["timestamp"]!.ToString(), Is.EqualTo("2026-01-02T03:04:05.000Z"));
        string words = told["message"]?["parts"]?[0]?["text"]?.ToString() ?? "";
        Assert.That(words, status switch
        {
            RunStatus.Waiting when mayAnswer == false => Does.Contain("approver"),
            RunStatus.Waiting when mayAnswer == true => Does.Contain("You may answer"),
            RunStatus.Paused => Does.Contain("Held"),
            _ when error is not null => Is.EqualTo("Why."),
            RunStatus.Queued => Is.EqualTo("Queued."),
            RunStatus.Cancelled => Does.Contain("cancelled"),
            _ => Is.Empty,
        });
    }

    [TestCaseSource(nameof(Statuses))]
    public void Status_OfEachKind_HasAState(RunStatus status) =>
        Assert.That(TaskView.StateOf(Stand(status, null, null)), Does.StartWith("TASK_STATE_"),
            "a new status: say what the door makes of it");

    [TestCaseSource(nameof(Types))]
    public void Event_OfEachType_IsToldAsTheTableSays(string type)
    {
        Assert.That(Events, Does.ContainKey(type), "a new type of event: say what a stream tells of it");
        Assert.That(TaskStream.TellingOf(type), Is.EqualTo(Events[type]));
    }

    [Test]
    public void Call_IsInTheMetadataOfAStatus()
    {
        var asked = new AskedCall(2, "look", JsonElement.Parse("""{"at":"noon"}"""));

        JsonNode update = TaskView.UpdateOf(
            Stand(RunStatus.Running, null, false), null, TaskView.CallOf("r1", 3, asked))["statusUpdate"]!;

        Assert.That(update["status"]!["state"]!.ToString(), Is.EqualTo("TASK_STATE_WORKING"));
        Assert.That(
            update["metadata"]!.ToJsonString(),
            Is.EqualTo("""{"call":{"id":"r1/3/2","tool":"look","arguments":{"at":"noon"}}}"""));
    }

    [TestCase(null, "WORKING")]
    [TestCase(false, "COMPLETED")]
    [TestCase(true, "FAILED")]
    public void SubAgent_IsInTheMetadataOfAStatus(bool? hasFailed, string state)
    {
        var asked = new AskedCall(0, "assign_task", JsonElement.Parse("""{"agent":"reader","task":"Read."}"""));

        Assert.That(
            TaskView.SubAgentOf("r1", 3, asked, hasFailed).ToJsonString(),
            Is.EqualTo($$"""{"subAgents":[{"id":"r1.3-0","name":"reader","state":"TASK_STATE_{{state}}"}]}"""));
    }

    [Test]
    public void Approval_IsAPartWithDataThatNamesTheCall()
    {
        JsonNode data = TaskView.StatusOf(Stand(RunStatus.Waiting, null, true))["message"]!["parts"]![1]!["data"]!;

        Assert.That(
            (data["approval"]!.ToString(), data["tool"]!.ToString(), data["callHash"]!.ToString(), data["expiresAt"]!.ToString()),
            Is.EqualTo(("approval-1", "send", "hash", "2026-01-05T03:04:05.000Z")));
        Assert.That(data["arguments"]!["to"]!.ToString(), Is.EqualTo("ben"));
    }

    [TestCaseSource(nameof(Codes))]
    public void Error_OfEachCode_IsTheProtocols(ErrorCode code)
    {
        var error = new AgentException(code, "field: what.");
        (int rpc, int status) = code switch
        {
            ErrorCode.RunNotFound or ErrorCode.RunErased => (-32001, 404),
            ErrorCode.AgentNotFound => (-32602, 404),
            ErrorCode.NotAllowed => (-32602, 403),
            ErrorCode.RunStateForbids => (-32004, 400),
            ErrorCode.QuotaExceeded => (-32603, 429),
            _ => ErrorStatus.Of(code) is >= 500 and var hidden ? (-32603, hidden) : (-32602, 400),
        };

        A2AException told = A2AException.Of(error, null);
        A2AException ofTask = A2AException.Of(error, Id);

        Assert.That((told.Code, told.Status), Is.EqualTo((rpc, status)));
        Assert.That(told.Message, status >= 500 ? Does.Not.Contain("field:") : Is.Not.Empty, "what is wrong with the host");
        Assert.That(ofTask.Code, Is.EqualTo(code == ErrorCode.NotAllowed ? -32001 : rpc), "a task of others does not exist");
        JsonObject body = A2AErrors.OfRest(told, "m")["error"]!.AsObject();
        Assert.That(body["code"]!.GetValue<int>(), Is.EqualTo(status));
        Assert.That(body["details"]![0]!["domain"]!.ToString(), Is.EqualTo("a2a-protocol.org"));
        Assert.That(A2AErrors.OfRpc(null, told, "m")["error"]!["code"]!.GetValue<int>(), Is.EqualTo(rpc));
    }

    private static RunStand Stand(RunStatus status, string? error, bool? mayAnswer)
    {
        var run = new Run
        {
            Id = Id,
            Agent = "worker",
            Model = "m",
            Goal = "g",
            Status = status,
            CreatedAt = At,
            UpdatedAt = At,
            Error = error is null ? null : new RunError(error, "Why."),
        };
        return new RunStand(run, mayAnswer is { } may ? [new OpenQuestion { Approval = Asked(), MayAnswer = may }] : []);
    }

    private static Approval Asked() => DoorTablesTests.ApprovalOf(ApprovalQuestion.Call);
}
