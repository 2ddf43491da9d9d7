using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Mcp;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Runs;
using ModelContextProtocol;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What the door for MCP makes of the statuses of runs and of errors, row by row.</summary>
internal sealed class McpTablesTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static IEnumerable<ErrorCode> Codes => Enum.GetValues<ErrorCode>();

    private static IEnumerable<RunStatus> Statuses => Enum.GetValues<RunStatus>();

    [TestCaseSource(nameof(Statuses))]
    public void Status_OfEachRun_IsThatOfItsTask(RunStatus status)
    {
        (string task, string? words) = status switch
        {
            RunStatus.Queued => ("working", "Queued."),
            RunStatus.Running => ("working", null),
            RunStatus.Waiting => ("working", "Waits for job (mcp__other__slow)."),
            RunStatus.Paused => ("working", "Held; an operator can resume it."),
            RunStatus.Completed or RunStatus.Failed or RunStatus.BudgetExhausted => ("completed", null),
            RunStatus.Cancelled => ("cancelled", null),
            _ => throw new InvalidOperationException("A new status: say what its task is."),
        };
        Run run = RunOf(status) with
        {
            WaitingFor = status == RunStatus.Waiting ? new RunWaiting("job", "mcp__other__slow") : null,
            Error = status == RunStatus.Failed ? new RunError(nameof(ErrorCode.AnswerNotAccepted), "No.") : null,
        };

        JsonObject told = McpTaskWire.Detailed(new RunStand(run, []), null, At);

        Assert.That((told["status"]!.ToString(), told["statusMessage"]?.ToString()), Is.EqualTo((task, words)));
        Assert.That(told["pollIntervalMs"] is not null, Is.EqualTo(task == "working"));
        Assert.That(told["result"] is not null, Is.EqualTo(task == "completed"));
        if (told["result"] is { } result)
        {
            Assert.That(result["isError"]!.GetValue<bool>(), Is.EqualTo(status != RunStatus.Completed));
        }

        // What the extension has no place for, or clients take for the version before.
        Assert.That(told.Select(static member => member.Key), Has.None.AnyOf("task", "ttl", "requestState", "inputRequests"));
    }

    [TestCase(true, "input_required", "You may answer (id question-1).")]
    [TestCase(false, "working", "These may answer: approver, over the HTTP API or the dashboard (id question-1).")]
    public void Status_OfARunThatWaitsForPeople_DependsOnWhoLooks(bool mayAnswer, string status, string words)
    {
        var open = new OpenQuestion { Question = QuestionOf(), MayAnswer = mayAnswer };

        JsonObject told = McpTaskWire.Detailed(new RunStand(RunOf(RunStatus.Waiting), [open]), null, At);

        Assert.That(told["status"]!.ToString(), Is.EqualTo(status));
        Assert.That(told["statusMessage"]!.ToString(), Does.StartWith("Waits for people: Which one?").And.EndWith(words));
        Assert.That(told["inputRequests"]?["question-1"]?["method"]?.ToString(),
            Is.EqualTo(mayAnswer ? "elicitation/create" : null));
    }

    [Test]
    public void Status_OfARunThatFailedByItsHost_IsFailed()
    {
        Run run = RunOf(RunStatus.Failed) with { Error = new RunError(nameof(ErrorCode.NonDeterminism), "It failed.") };

        JsonObject told = McpTaskWire.Detailed(new RunStand(run, []), null, At);

        Assert.That((told["status"]!.ToString(), told["error"]!["code"]!.GetValue<int>()), Is.EqualTo(("failed", -32603)));
        Assert.That(told["result"], Is.Null);
    }

    [TestCase(0, 1_000)]
    [TestCase(60, 6_000)]
    [TestCase(86_400, 15_000)]
    public void PollInterval_GrowsWithTheAgeOfTheRun(int seconds, long milliseconds)
    {
        JsonObject told = McpTaskWire.Detailed(new RunStand(RunOf(RunStatus.Running), []), null,
            At + TimeSpan.FromSeconds(seconds));

        Assert.That(told["pollIntervalMs"]!.GetValue<long>(), Is.EqualTo(milliseconds));
    }

    [TestCaseSource(nameof(Codes))]
    public void Error_OfEachCode_IsOneOfTheProtocolOrAResult(ErrorCode code)
    {
        // A model can mend the rest: it reads what was wrong, and calls again.
        bool isHidden = ErrorStatus.Of(code) >= 500;
        bool isOfHost = isHidden || code is ErrorCode.QuotaExceeded;
        bool isOfProtocol = isOfHost || code is ErrorCode.RunNotFound or ErrorCode.AgentNotFound;

        Assert.That(McpRequests.IsOfProtocol(code, isRetry: false), Is.EqualTo(isOfProtocol));
        Assert.That(McpRequests.IsOfProtocol(code, isRetry: true), Is.EqualTo(isOfProtocol || code == ErrorCode.NotAllowed));
        McpProtocolException told = McpRequests.Error(new AgentException(code, "field: what."));
        Assert.That(
            told.ErrorCode,
            Is.EqualTo(isOfHost ? McpErrorCode.InternalError : McpErrorCode.InvalidParams));
        string words = ErrorStatus.Of(code) == 503 ? "The host cannot serve this now"
            : isHidden ? "Something went wrong in the host" : "field: what. [";
        Assert.That(told.Message, Does.StartWith(words).And.Not.Contain(code.ToString()));
    }

    private static Run RunOf(RunStatus status) => new()
    {
        Id = "r1",
        Agent = "worker",
        Model = "test",
        Goal = "x",
        Status = status,
        CreatedAt = At,
        UpdatedAt = At,
    };

    private static Question QuestionOf() => new()
    {
        Id = "question-1",
        RunId = "r1",
        RootId = "r1",
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
        Terms = new AnswerTerms { Roles = ["approver"] },
        CreatedAt = At,
    };
}
