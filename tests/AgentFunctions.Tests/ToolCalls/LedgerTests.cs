using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>
/// What becomes of a call that an earlier attempt left in the ledger: of each state that a crash can leave it in.
/// </summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LedgerTests
{
    private const string AskAPerson = """
        rules: [{name: all, when: {tool: '*'}, then: allow}]
        unknownOutcomes: [{name: look-first, when: {tool: pay}, then: ask, approval: {roles: [lead]}}]
        """;

    private static readonly Caller Lead = new("lee") { Roles = ["lead"] };
    private readonly List<string> _keys = [];
    private Func<int, string> _pay = static times => $"paid {times}";

    [Test]
    public async Task Call_FinishedBefore_GivesTheRecordedOutcomeWithoutACall(CancellationToken cancellationToken)
    {
        Run run = await RunAsync(Pay(ToolEffect.NotIdempotent),
            new("pay", LedgerState.Finished, default, new ToolOutcome("paid before")), cancellationToken);

        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid before"));
        Assert.That(_keys, Is.Empty);
    }

    [Test]
    public async Task Call_BegunAndIdempotent_IsMadeAgainUnderTheSameKey(CancellationToken cancellationToken)
    {
        Run run = await RunAsync(Pay(ToolEffect.Idempotent), Begun, cancellationToken);

        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid 1"));
        Assert.That(_keys, Is.EqualTo(new[] { $"{run.Id}/1/0" }));
    }

    [Test]
    public async Task Call_BegunAndNotIdempotent_IsNotMadeAgainAndTheModelIsTold(CancellationToken cancellationToken)
    {
        Run run = await RunAsync(Pay(ToolEffect.NotIdempotent), Begun, cancellationToken);

        Assert.That(run.Result!.Text, Does.Contain("outcome is unknown"));
        Assert.That(_keys, Is.Empty);
    }

    [TestCase(ReconciliationVerdict.TookEffect, "Result: found it", 0)]
    [TestCase(ReconciliationVerdict.DidNotTakeEffect, "Result: paid 1", 1)]
    public async Task Call_BegunAndProbed_GoesByWhatTheProbeFound(ReconciliationVerdict verdict, string answer, int calls,
        CancellationToken cancellationToken)
    {
        var tool = new AgentTool(PayFunction(), ToolEffect.NotIdempotent)
        {
            Reconcile = (_, _, _) => Task.FromResult(new Reconciliation(verdict, "found it")),
        };

        Run run = await RunAsync(tool, Begun, cancellationToken);

        Assert.That(run.Result!.Text, Is.EqualTo(answer));
        Assert.That(_keys, Has.Count.EqualTo(calls));
    }

    [Test]
    public async Task UnknownOutcome_PersonApproves_IsMadeAgainOnce(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Pay(ToolEffect.NotIdempotent), AskAPerson);
        Run run = await SubmitAsync(governed, Begun, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        Assert.That((approval.Question, approval.Rule), Is.EqualTo((ApprovalQuestion.Repeat, "look-first")));
        Assert.That(_keys, Is.Empty);

        await governed.Desk.DecideAsync(approval.Id, Lead, true, null, null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid 1"));
        Assert.That(_keys, Is.EqualTo(new[] { $"{run.Id}/1/0" }));
        LedgerEntry? entry = await governed.Host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken);
        Assert.That((entry!.State, entry.Repeats), Is.EqualTo((LedgerState.Finished, 1)));
        Assert.That(await governed.Desk.ListAsync(null, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task UnknownOutcome_PersonDenies_ModelReadsWhatThePersonFound(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Pay(ToolEffect.NotIdempotent), AskAPerson);
        Run run = await SubmitAsync(governed, Begun, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Lead, false, "The bank has it.", null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result!.Text,
            Does.Contain("lee denied it: The bank has it.").And.Contain("not made again").And.Not.Contain("Nothing was done"));
        Assert.That(_keys, Is.Empty);
    }

    [Test]
    public async Task UnknownOutcome_OfACallThatAPersonHadApproved_IsANewQuestionEveryTime(CancellationToken cancellationToken)
    {
        _pay = times => times <= 2
            ? throw new AgentException(ErrorCode.ToolOutcomeUnknown, "the line went dead")
            : "paid at last";
        await using GovernedRun governed = await StartAsync(
            Pay(ToolEffect.NotIdempotent),
            AskAPerson.Replace("then: allow", "then: ask, approval: {roles: [lead]}", StringComparison.Ordinal));
        Run run = await governed.Host.SubmitAsync();
        var asked = new List<(string Id, ApprovalQuestion)>();
        for (int question = 0; question < 3; question++)
        {
            Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken, asked.Select(static one => one.Id));
            asked.Add((approval.Id, approval.Question));
            await governed.Desk.DecideAsync(approval.Id, Lead, true, null, null, cancellationToken);
        }

        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(asked.Select(static one => one.Item2),
            Is.EqualTo(new[] { ApprovalQuestion.Call, ApprovalQuestion.Repeat, ApprovalQuestion.Repeat }));
        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid at last"));
        Assert.That(_keys, Is.EqualTo(Enumerable.Repeat($"{run.Id}/1/0", 3)));
    }

    [Test]
    public async Task UnknownOutcome_MadeAgainAndThenAsksAPerson_WaitsAndIsANewQuestionTheNextTime(CancellationToken cancellationToken)
    {
        await using GovernedRun governed =
            await StartAsync(new AgentTool(AgentTool.CreateFunction("pay", "Pays.", PayAsync), ToolEffect.NotIdempotent),
                AskAPerson);
        Run run = await SubmitAsync(governed, Begun, cancellationToken);
        Approval first = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Desk.DecideAsync(first.Id, Lead, true, null, null, cancellationToken);
        QuestionService questions = governed.Host.Get<QuestionService>();
        Question asked = await Poll.ForAsync(
            async () => (await questions.ListPendingAsync(null, cancellationToken)).FirstOrDefault(), cancellationToken);
        await questions.AnswerAsync(asked.Id, new Caller("local"), JsonElement.Parse("""{"answer":"five"}"""), cancellationToken);
        Approval second = await governed.ApprovalOfAsync(run.Id, cancellationToken, [first.Id]);
        await governed.Desk.DecideAsync(second.Id, Lead, false, "It is paid.", null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result!.Text, Does.Contain("lee denied it: It is paid."),
            "what was approved once is not approved the next time");
        Assert.That(second.Question, Is.EqualTo(ApprovalQuestion.Repeat));
        Assert.That(_keys, Is.EqualTo(new[] { $"{run.Id}/1/0" }));

        async Task<string> PayAsync(ToolContext context)
        {
            PersonAnswer answer = await context.Features.Get<IPersonAsker>()!.AskAsync(0, new PersonQuestion("How much?"),
                cancellationToken);
            if (answer.Verdict == PersonVerdict.Waits)
            {
                return "";
            }

            _keys.Add(context.IdempotencyKey);
            throw new AgentException(ErrorCode.ToolOutcomeUnknown, "the line went dead");
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Step_DeliveredTwiceAtOnce_TheOutcomeOfTheOneThatMadeTheCallCounts(bool isLate,
        CancellationToken cancellationToken)
    {
        var looked = new TaskCompletionSource();
        var made = new TaskCompletionSource();
        Task<CallToolResult>? second = null;
        GovernedRun? governed = null;
        var tool = new AgentTool(AgentTool.CreateFunction("pay", "Pays.", PayAsync), ToolEffect.NotIdempotent)
        {
            // The second delivery asks the probe, which cannot tell: early, or once the first has entered its outcome.
            Reconcile = async (_, _, _) =>
            {
                looked.SetResult();
                await (isLate ? made.Task : Task.CompletedTask);
                return Reconciliation.Unknown;
            },
        };
        await using GovernedRun started = governed = await StartAsync(tool, null);
        Run run = await governed.Host.SubmitAsync();
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        made.SetResult();
        CallToolResult told = await second!;

        LedgerEntry? entry = await governed.Host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken);
        Assert.That((entry?.State, entry?.Outcome?.Text), Is.EqualTo((LedgerState.Finished, "paid")));
        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid"));
        Assert.That(told.IsError, Is.EqualTo(!isLate));
        Assert.That(await CompletionsAsync(governed, run.Id), Is.EqualTo(isLate ? ["paid"] : new[] { told.Code, "paid" }));
        Assert.That(_keys, Has.Count.EqualTo(1));

        async Task<string> PayAsync(ToolContext context)
        {
            _keys.Add(context.IdempotencyKey);
            second = governed!.Host.Get<CallToolActivity>().RunAsync(
                new ActivityContext(context.RunId, StepNames.CallTool, -1, cancellationToken),
                await InputAsync(governed, context.RunId));
            await looked.Task;
            if (!isLate)
            {
                await second;
            }

            return "paid";
        }
    }

    private static LedgerEntry Begun => new("pay", LedgerState.Started, DateTimeOffset.UtcNow);

    private AgentTool Pay(ToolEffect effect) => new(PayFunction(), effect);

    private Microsoft.Extensions.AI.AIFunction PayFunction() => AgentTool.CreateFunction("pay", "Pays.", (ToolContext context) =>
    {
        lock (_keys)
        {
            _keys.Add(context.IdempotencyKey);
            return _pay(_keys.Count);
        }
    });

    private async Task<Run> RunAsync(AgentTool tool, LedgerEntry left, CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(tool, null);
        Run run = await SubmitAsync(governed, left, cancellationToken);
        return await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
    }

    private static Task<GovernedRun> StartAsync(AgentTool tool, string? policy) =>
        GovernedRun.StartAsync(policy, [ChatReplyCall.Of("pay", new { })], [tool]);

    /// <summary>What the engine gave the run's tool call.</summary>
    private static async Task<CallToolInput> InputAsync(GovernedRun governed, string runId)
    {
        await foreach (HistoryEvent recorded in governed.Host.Get<IOrchestrationClient>().ReadHistoryAsync(runId))
        {
            if (recorded is TaskScheduled { Name: StepNames.CallTool, Input: { } input })
            {
                return DurableJson.Deserialize<CallToolInput>(input)!;
            }
        }

        throw new InvalidOperationException("The run has made no call.");
    }

    /// <summary>What the journal tells of the call's end: the code of an error, else the text.</summary>
    private static async Task<IReadOnlyList<string?>> CompletionsAsync(GovernedRun governed, string runId)
    {
        var told = new List<string?>();
        await foreach ((_, JournalEvent happened) in governed.Host.Get<Journal>().ReadAsync(runId))
        {
            if (happened.Type == JournalEventTypes.ToolCompleted)
            {
                told.Add(happened.Code ?? happened.Text);
            }
        }

        return told;
    }

    /// <summary>Submits a run whose first call is in the ledger as an attempt that was cut off has left it.</summary>
    private static async Task<Run> SubmitAsync(GovernedRun governed, LedgerEntry left, CancellationToken cancellationToken)
    {
        var written = new TaskCompletionSource();
        Func<ChatRequest, ChatReply> script = governed.Script;
        governed.Script = request => script(request) with { Before = token => written.Task.WaitAsync(token) };
        Run run = await governed.Host.SubmitAsync();
        await governed.Host.Get<CallLedger>().WriteAsync(run.Id, 1, 0, left, cancellationToken);
        written.SetResult();
        return run;
    }
}
