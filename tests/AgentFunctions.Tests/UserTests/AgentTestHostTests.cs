using AgentFunctions.Agents;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Testing;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Testing.ScriptedTurn;

namespace AgentFunctions.Tests.UserTests;

/// <summary>The test kit, used as a user of the library would.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AgentTestHostTests : IDisposable
{
    private const string Questions = "rules:\n  - name: pay\n    when: { tool: pay }\n    then: ask\n";
    private const string NoQuestions = "rules:\n  - name: pay\n    when: { tool: [pay, report] }\n    then: allow\n";

    private static readonly AgentBuilder Digger = Agent.Create("digger").WithInstructions("Dig.");

    private readonly Refunds _refunds = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Run_Scripted_CallsItsToolsAndEnds(CancellationToken cancellationToken)
    {
        var model = new ScriptedModel(Calls("find", new { id = "A-7" }).And("find", new { id = "A-8" }), Says("Both are paid."));
        await using AgentTestHost host = await AgentTestHost.StartAsync(model, _refunds.AddTo, null, cancellationToken);

        Run run = await host.RunAsync("Look at the orders.", "clerk", cancellationToken);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "Both are paid.")));
        Assert.That(host.Executions.Select(static done => done.Argument<string>("id")), Is.EquivalentTo(new[] { "A-7", "A-8" }));
        Assert.That(model.Requests[1].Results, Is.EqualTo(new[] { "order A-7", "order A-8" }));
        Assert.That(model.Requests[0].Instructions, Does.StartWith("Pay back what is owed."));
        await host.VerifyReplayAsync(cancellationToken);
    }

    [TestCase("mine")]
    [TestCase("default")]
    public async Task Run_OfAModelThatTheRegistrationAdds_IsPlayedByTheScript(string name, CancellationToken cancellationToken)
    {
        var model = new ScriptedModel(Says("By the script."));
        var provider = new ScriptedModel(Says("By the provider."));
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            model,
            services => services
                .AddAgentModel(_ => new ModelBinding(name, "large", new ModelProfile { Provider = "acme" }, provider))
                .AddAgent(Agent.Create("digger").WithInstructions("Dig.").WithModel(name == "default" ? null : name)),
            null, cancellationToken);

        Run run = await host.RunAsync("Dig.", "digger", cancellationToken);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "By the script.")), run.Error?.Message);
        Assert.That((model.Requests.Count, provider.Requests.Count), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task Executions_OfToolsThatASourceAdds_AreKnown(CancellationToken cancellationToken)
    {
        int booked = 0;
        var source = new BankSource(AgentTool.Create("bank__book", "Books.", ToolEffect.NotIdempotent, () => $"{++booked}"));
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            new ScriptedModel(Calls("bank__book"), Says("Done.")),
            services => services.AddSingleton<IToolSource>(source)
                .AddAgent(Agent.Create("digger").WithInstructions("Dig.").WithTools("bank__book")),
            set => set.WithPolicy(_folder.Write("policy.yaml", "rules: [{name: all, when: {tool: '*'}, then: allow}]")),
            cancellationToken);
        host.CrashAt(Moment.BeforeCall("bank__book"));

        Run run = await host.RunAsync("Dig.", "digger", cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(host.Starts, Is.EqualTo(2));
        Assert.That(host.Executions.Count(static done => done.Tool == "bank__book"), Is.EqualTo(booked));
        host.EnsureNoEffectTwice();
    }

    [Test]
    public async Task Approval_Given_LetsTheCallHappen(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await PayingAsync(cancellationToken);
        Run run = await host.SubmitAsync("Pay order A-7 back.", "clerk", cancellationToken);

        Approval approval = await host.WaitForApprovalAsync(run.Id, cancellationToken);
        Assert.That(_refunds.Booked, Is.Empty);
        await host.ApproveAsync(approval, new Caller("user:ann") { Roles = ["approver"] }, cancellationToken: cancellationToken);
        run = await host.WaitForEndAsync(run.Id, cancellationToken: cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_refunds.Booked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Approval_Denied_IsToldToTheModel(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await PayingAsync(cancellationToken);
        Run run = await host.SubmitAsync("Pay order A-7 back.", "clerk", cancellationToken);

        await host.DenyAsync(await host.WaitForApprovalAsync(run.Id, cancellationToken), null, "Not this one.",
            cancellationToken);
        await host.WaitForEndAsync(run.Id, cancellationToken: cancellationToken);

        Assert.That(_refunds.Booked, Is.Empty);
        Assert.That(host.Model.Requests[1].LastResult, Does.Contain("Not this one."));
    }

    [Test]
    public async Task Approval_NobodyDecides_ExpiresAfterADayOfVirtualTime(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await PayingAsync(cancellationToken);
        Run run = await host.SubmitAsync("Pay order A-7 back.", "clerk", cancellationToken);
        DateTimeOffset begun = host.Time.GetUtcNow();

        run = await host.WaitForEndAsync(run.Id, within: TimeSpan.FromDays(2), cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_refunds.Booked, Is.Empty);
        Assert.That(host.Time.GetUtcNow() - begun, Is.GreaterThanOrEqualTo(TimeSpan.FromDays(1)));
    }

    [Test]
    public async Task Question_Answered_IsReadByTheModel(CancellationToken cancellationToken)
    {
        var model = new ScriptedModel(
            Calls("ask_person", new { question = "Which order?", choices = new[] { "A-7", "A-8" } }), Says("Thank you."));
        await using AgentTestHost host = await AgentTestHost.StartAsync(model, _refunds.AddTo, null, cancellationToken);
        Run run = await host.SubmitAsync("Ask.", "clerk", cancellationToken);

        Question question = await host.WaitForQuestionAsync(run.Id, cancellationToken);
        string field = question.Form.GetProperty("properties").EnumerateObject().First().Name;
        await host.AnswerAsync(question, new Dictionary<string, string> { [field] = "A-8" },
            cancellationToken: cancellationToken);
        run = await host.WaitForEndAsync(run.Id, cancellationToken: cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(model.Requests[1].LastResult, Does.Contain("A-8"));
    }

    [Test]
    public async Task Job_StillRunning_IsLookedAtUntilItIsDone(CancellationToken cancellationToken)
    {
        var model = new ScriptedModel(Calls("report"), Says("Here it is."));
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            model, _refunds.AddTo, options => options.WithPolicy(_folder.Write("policy.yaml", NoQuestions)), cancellationToken);
        Run run = await host.SubmitAsync("Report.", "clerk", cancellationToken);

        run = await host.WaitForEndAsync(run.Id, within: TimeSpan.FromDays(1), cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(model.Requests[1].LastResult, Is.EqualTo("the report"));
        Assert.That(host.Time.GetUtcNow().Hour, Is.GreaterThanOrEqualTo(15));
    }

    [Test]
    public async Task Time_ToolIsAtWork_StandsStill(CancellationToken cancellationToken)
    {
        var called = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        async Task DigAsync()
        {
            called.TrySetResult();
            await never.Task;
        }

        await using AgentTestHost host = await AgentTestHost.StartAsync(
            new ScriptedModel(Calls("dig"), Says("Done.")),
            services => services.AddTool(AgentTool.Create("dig", "Digs.", ToolEffect.None, DigAsync)).AddAgent(Digger),
            static options => options.Patience = TimeSpan.FromSeconds(4), cancellationToken);
        Run run = await host.SubmitAsync("Dig.", "digger", cancellationToken);
        await called.Task.WaitAsync(cancellationToken);
        DateTimeOffset begun = host.Time.GetUtcNow();

        Assert.That(
            async () => await host.WaitForEndAsync(run.Id, within: TimeSpan.FromDays(1), cancellationToken),
            Throws.TypeOf<TimeoutException>().With.Message.Contains("is being called"));
        Assert.That(host.Time.GetUtcNow(), Is.EqualTo(begun));
        never.SetResult();
    }

    [Test]
    public async Task Time_ToolWaitsForIt_Passes(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            new ScriptedModel(Calls("rest").And("rest"), Says("Done.")),
            services => services.AddTool(AgentTool.Create("rest", "Rests.", ToolEffect.None,
                static async (ToolContext call, CancellationToken token) =>
            {
                TimeProvider time = call.Services.GetRequiredService<TimeProvider>();
                using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2), time);
                using var rest = new PeriodicTimer(TimeSpan.FromSeconds(90), time);
                await rest.WaitForNextTickAsync(limit.Token);
                return "rested";
            })).AddAgent(Digger),
            null, cancellationToken);
        Run run = await host.SubmitAsync("Rest.", "digger", cancellationToken);
        DateTimeOffset begun = host.Time.GetUtcNow();

        run = await host.WaitForEndAsync(run.Id, within: TimeSpan.FromHours(1), cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.Model.Requests[1].Results, Is.EqualTo(new[] { "rested", "rested" }),
            "its own time limit did not run out");
        Assert.That(host.Time.GetUtcNow() - begun, Is.LessThan(TimeSpan.FromMinutes(30)));
    }

    private static IEnumerable<TestCaseData> Crashes()
    {
        yield return new(Moment.BeforeTurn(1), true, 1);
        yield return new(Moment.AfterTurn(1), true, 1);
        yield return new(Moment.BeforeCall("pay"), true, 1);
        yield return new(Moment.AfterCall("pay"), true, 1);
        yield return new(Moment.AfterTurn(2), true, 1);
        yield return new(Moment.BeforeCall("pay"), false, 0);
        yield return new(Moment.AfterCall("pay"), false, 1);
    }

    [TestCaseSource(nameof(Crashes))]
    public async Task Crash_AtANamedMoment_DoublesNothing(Moment moment, bool canBeAsked, int booked)
    {
        CancellationToken cancellationToken = TestContext.CurrentContext.CancellationToken;
        var refunds = new Refunds { CanBeAsked = canBeAsked };
        var model = new ScriptedModel(Calls("pay", new { amount = 80 }), Says("Done."));
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            model, refunds.AddTo, options => options.WithPolicy(_folder.Write("policy.yaml", NoQuestions)), cancellationToken);

        host.CrashAt(moment);
        Run run = await host.RunAsync("Pay order A-7 back.", "clerk", cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.Starts, Is.EqualTo(2));
        Assert.That(refunds.Booked, Has.Count.EqualTo(booked));
        host.EnsureNoEffectTwice();
        await host.VerifyReplayAsync(cancellationToken);
    }

    [Test]
    public async Task Crash_ThatNeverCame_IsToldByTheAssertion(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await AgentTestHost.StartAsync(new ScriptedModel(Says("Done.")), _refunds.AddTo, null,
            cancellationToken);

        host.CrashAt(Moment.AfterCall("pay"));
        await host.RunAsync("Do nothing.", "clerk", cancellationToken);

        Assert.That(host.EnsureNoEffectTwice,
            Throws.InvalidOperationException.With.Message.Contains("did not die after the call of pay"));
    }

    [Test]
    public async Task Crash_WhileAPersonIsAsked_KeepsTheApproval(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await PayingAsync(cancellationToken);
        Run run = await host.SubmitAsync("Pay order A-7 back.", "clerk", cancellationToken);
        Approval before = await host.WaitForApprovalAsync(run.Id, cancellationToken);

        await host.CrashAsync(cancellationToken);
        Approval after = await host.WaitForApprovalAsync(run.Id, cancellationToken);
        await host.ApproveAsync(after, cancellationToken: cancellationToken);
        await host.WaitForEndAsync(run.Id, cancellationToken: cancellationToken);

        Assert.That(after.Id, Is.EqualTo(before.Id));
        Assert.That(_refunds.Booked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Script_TooShort_FailsTheRunWithWords(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            new ScriptedModel(Calls("find", new { id = "A-7" })), _refunds.AddTo, null, cancellationToken);

        Run run = await host.RunAsync("Look.", "clerk", cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Failed));
        Assert.That(run.Error?.Message, Does.Contain("The script has 1 turns, and the run asks for turn 2"));
    }

    [Test]
    public async Task Wait_ForWhatDoesNotCome_SaysWhereTheRunStands(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await PayingAsync(cancellationToken, static options => options.Patience = TimeSpan.Zero);
        Run run = await host.SubmitAsync("Pay order A-7 back.", "clerk", cancellationToken);

        Assert.That(
            async () => await host.WaitForEndAsync(run.Id, cancellationToken: cancellationToken),
            Throws.TypeOf<TimeoutException>().With.Message.Contains($"Run {run.Id} did not come to the end"));
    }

    [Test]
    public async Task History_KeptInAFile_ReplaysAndTellsADifference(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await AgentTestHost.StartAsync(
            new ScriptedModel(Calls("find", new { id = "A-7" }), Says("Done.")), _refunds.AddTo, null, cancellationToken);
        Run run = await host.RunAsync("Look.", "clerk", cancellationToken);
        string file = Path.Combine(_folder.Path, "history.json");

        (await host.HistoryAsync(run.Id, cancellationToken)).Save(file);
        RecordedHistory.Load(file).Verify();
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"CallTool\"", "\"CallAnother\"", StringComparison.Ordinal));

        Assert.That(() => RecordedHistory.Load(file).Verify(),
            Throws.InvalidOperationException.With.Message.Contains("does not replay"));
    }

    [Test]
    public async Task Policy_WithoutARun_GivesItsVerdict(CancellationToken cancellationToken)
    {
        string policy = _folder.Write("policy.yaml", """
            rules:
              - name: small-refunds
                when: { tool: pay, arguments: { amount: { below: 101 } } }
                then: allow
            """);
        await using PolicyCheck check = PolicyCheck.Load(policy, _refunds.AddTo);

        Assert.That(check.Rules, Is.EqualTo(new[] { "small-refunds" }));
        Assert.That((await check.JudgeAsync("clerk", "pay", new { amount = 80 }, cancellationToken: cancellationToken)).Verdict,
            Is.EqualTo(PolicyVerdict.Allow));
        Assert.That((await check.JudgeAsync("clerk", "pay", new { amount = 800 }, cancellationToken: cancellationToken)).Verdict,
            Is.EqualTo(PolicyVerdict.Ask));
        Assert.That(
            async () => await check.JudgeAsync("clerk", "no_such_tool", cancellationToken: cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ToolNotFound));
    }

    private sealed class BankSource(AgentTool tool) : IToolSource
    {
        public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<AgentTool>>([tool]);
    }

    private Task<AgentTestHost> PayingAsync(CancellationToken cancellationToken, Action<AgentTestOptions>? options = null) =>
        AgentTestHost.StartAsync(
        new ScriptedModel(Calls("pay", new { amount = 80 }), Says("Done.")), _refunds.AddTo,
        set =>
        {
            set.WithPolicy(_folder.Write("policy.yaml", Questions));
            options?.Invoke(set);
        },
        cancellationToken);
}
