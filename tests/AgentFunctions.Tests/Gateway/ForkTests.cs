using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Gateway;

[CancelAfter(300_000)]
internal sealed class ForkTests
{
    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None,
        (string text) => $"you said {text}");

    [Test]
    public async Task Fork_FromATurn_HasTheMessagesUpToItAndGoesOnDifferently()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn < 3
                ? ChatReply.Call("echo", new { text = $"turn {request.Turn + 1}" })
                : ChatReply.Say($"the end at {request.Index}"), [Echo]);
        Run first = await host.RunAsync("The goal of both.");

        Run fork = await host.Get<RunForking>().ForkAsync(
            first.Id, new ForkRequest
            {
                Turn = 2,
                Instructions = "Work differently.",
                Tools = ["echo"],
                Message = "Take the other path."
            });
        fork = await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That((fork.Status, fork.ForkedFrom, fork.Turns, fork.Steps),
            Is.EqualTo((RunStatus.Completed, new ForkOrigin(first.Id, 2), 4, 3)));
        ChatRequest begun = host.Model.Requests[4];
        Assert.That(begun.Messages[0].GetRawText(), Does.Contain("Work differently."));
        Assert.That(begun.Tools, Is.EqualTo(new[] { "echo" }));
        Assert.That(begun.Last("user"), Is.EqualTo("Take the other path."));
        Assert.That(begun.Messages.Count(message => message.GetProperty("role").GetString() == "tool"), Is.EqualTo(2));
        Assert.That(begun.Body.GetRawText(),
            Does.Contain("The goal of both.").And.Contain("you said turn 2").And.Not.Contain("turn 3"));
        Assert.That((await host.Reader.GetAsync(first.Id)).Turns, Is.EqualTo(4), "the first run stays as it is");
    }

    [Test]
    public async Task Fork_FromTurnZeroWithAnotherModel_BeginsAfresh()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => ChatReply.Say($"by {request.Model}"), [Echo], agent => agent.WithModel("test"),
            ("Models:second:Provider", "openai"), ("Models:second:Endpoint", "http://127.0.0.1:9/v1"),
            ("Models:second:Key", "sk-test"));
        Run first = await host.RunAsync("The goal.");

        Assert.That(
            async () => await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Model = "third" }),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ModelNotFound));
        Run fork = await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 0, Model = "scripted" });
        fork = await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That((fork.Status, fork.Turns, fork.Result?.Text), Is.EqualTo((RunStatus.Completed, 1, "by scripted")));
        Assert.That(host.Model.Requests[1].Messages, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Fork_AfterCompactions_SeesTheSummaryPlanPinsAndArtifacts()
    {
        AgentTool large = AgentTool.Create("large", "Returns much.", ToolEffect.None,
            (string text) => string.Concat(Enumerable.Repeat(text, 30_000)));
        await using RunHost host = await RunHost.StartAsync(
            request => (request.Messages[0].GetRawText().Contains("You sum up", StringComparison.Ordinal)
                ? ChatReply.Say("THE SUMMARY")
                : request.Turn == 0 && request.Index == 0 ? new ChatReply
                {
                    Calls =
                    [
                        ChatReplyCall.Of("pin_facts", new { facts = new[] { "THE FACT" } }),
                        ChatReplyCall.Of("update_plan", new { items = new[] { new { text = "THE PLAN", done = false } } }),
                        ChatReplyCall.Of("large", new { text = "x" }),
                    ],
                }
                : request.Index < 20 ? ChatReply.Call("echo", new { text = new string('y', 900) }) : ChatReply.Say("done")) with
            { Usage = new(request.Body.GetRawText().Length / 4, 20) },
            [Echo, large], null, ("Models:test:ContextWindow", "5000"), ("Models:test:MaxOutputTokens", "500"));
        Run first = await host.RunAsync("The goal.");

        Run fork = await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Message = "And now?" });
        fork = await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That((fork.Status, fork.Plan.Single().Text), Is.EqualTo((RunStatus.Completed, "THE PLAN")));
        string last = host.Model.Requests[^1].Body.GetRawText();
        Assert.That(last, Does.Contain("THE SUMMARY").And.Contain("THE FACT").And.Contain("THE PLAN").And.Contain("And now?").And.Contain("The goal."));
        Assert.That((await host.Get<ArtifactStore>().ListAsync(fork.Id)).Select(file => file.Name),
            Is.EqualTo(new[] { "t1-c2-large.txt" }));
    }

    [Test]
    public async Task Fork_OfARunWithABudget_TakesWhatIsLeftAndTheRunNoLongerHasIt()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0 ? ChatReply.Say("so far") : request.Index == 2
                ? ChatReply.Say("done")
                : ChatReply.Call("echo", new { text = "x" }), [Echo]);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });
        Assert.That((first.Status, first.Steps), Is.EqualTo((RunStatus.Completed, 5)));

        Run fork = await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 1 });
        fork = await host.Reader.WaitForEndAsync(fork.Id);
        Assert.That((fork.Status, fork.Budget!.Granted.Steps, fork.Steps), Is.EqualTo((RunStatus.BudgetExhausted, 7, 7)));

        int asked = host.Model.Count;
        await host.Steering.SendAsync(first.Id, "Go on.");
        Run again = await host.Reader.WaitForEndAsync(first.Id);
        Assert.That((again.Status, host.Model.Count), Is.EqualTo((RunStatus.BudgetExhausted, asked)), "nothing is spent twice");
        Assert.That(
            async () => await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 1 }),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));

        Run granted = await host.Get<RunForking>()
            .ForkAsync(first.Id, new ForkRequest { Turn = 1, Budget = new Budget { Steps = 3 } });
        Assert.That((await host.Reader.WaitForEndAsync(granted.Id)).Steps, Is.EqualTo(3));
    }

    [Test]
    public async Task Fork_OfALiveRunWithABudget_NeedsOneOfItsOwn()
    {
        var go = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async () =>
        {
            begun.TrySetResult();
            await go.Task;
        });
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("echo", new { text = "x" }) : request.Turn == 1
                ? ChatReply.Call("hold", new { })
                : ChatReply.Say("done"), [hold, Echo]);
        Run live = await host.SubmitAsync(request: new() { Budget = new Budget { Steps = 50 } });
        await begun.Task;

        Assert.That(
            async () => await host.Get<RunForking>().ForkAsync(live.Id, new ForkRequest()),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.RunStateForbids).And.Message.Contains("budget"));
        Run fork = await host.Get<RunForking>()
            .ForkAsync(live.Id, new ForkRequest { Turn = 1, Budget = new Budget { Steps = 10 } });
        go.SetResult();

        Assert.That((await host.Reader.WaitForEndAsync(fork.Id)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That((await host.Reader.WaitForEndAsync(live.Id)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Fork_RunIsTakenUpMeanwhile_BothDoNotSpendTheSame([Values] bool isLate, CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        await using RunHost host = await StartAsync(meanwhile);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });
        var forks = new List<Task<Run>>();
        Task ForkAsync()
        {
            forks.Add(
                host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 1 }, cancellationToken: cancellationToken));
            return Task.WhenAny(forks[^1]);
        }

        if (isLate)
        {
            // What is taken up knows by then what it has.
            meanwhile.Before($"start {first.Id}", ForkAsync);
            await host.Steering.SendAsync(first.Id, "Go on.", cancellationToken: cancellationToken);
        }
        else
        {
            meanwhile.Before($"put budgets/{first.Id}",
                () => host.Steering.SendAsync(first.Id, "Go on.", cancellationToken: cancellationToken));
            await ForkAsync();
        }

        Run again = await host.Reader.WaitForEndAsync(first.Id, cancellationToken);
        Assert.That(() => forks.Single(),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));
        Assert.That((again.Status, again.Budget!.Granted.Steps), Is.EqualTo((RunStatus.Completed, 12)));
    }

    [Test]
    public async Task Fork_RunIsTakenUpTwiceAfterwards_GivesUpItsPartOnce(CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        await using RunHost host = await StartAsync(meanwhile);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });
        RunForking forking = host.Get<RunForking>();
        Run fork = await forking.ForkAsync(first.Id, new ForkRequest { Turn = 1 }, cancellationToken: cancellationToken);
        fork = await host.Reader.WaitForEndAsync(fork.Id, cancellationToken);
        meanwhile.After($"start {first.Id}", static () => throw new IOException("cut off"));

        Assert.That(
            () => host.Steering.GrantAsync(first.Id, new Budget { Steps = 20 }, cancellationToken: cancellationToken),
            Throws.TypeOf<IOException>());
        await host.Reader.WaitForEndAsync(first.Id, cancellationToken);
        await host.Steering.SendAsync(first.Id, "Go on.", cancellationToken: cancellationToken);
        Run again = await host.Reader.WaitForEndAsync(first.Id, cancellationToken);
        Assert.That((fork.Budget!.Granted.Steps, again.Budget!.Granted.Steps), Is.EqualTo((7, 12 - 7 + 20)));
        Run second = await forking.ForkAsync(first.Id, new ForkRequest { Turn = 1 }, cancellationToken: cancellationToken);
        second = await host.Reader.WaitForEndAsync(second.Id, cancellationToken);
        Assert.That(second.Budget!.Granted.Steps, Is.EqualTo(again.Budget.Granted.Steps - again.Steps));
    }

    [Test]
    public async Task Fork_RepeatedWithItsKey_IsTheSameRun()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        Run first = await host.RunAsync();
        RunForking forking = host.Get<RunForking>();

        Run one = await forking.ForkAsync(first.Id, new ForkRequest { Message = "x" }, idempotencyKey: "k");
        Run two = await forking.ForkAsync(first.Id, new ForkRequest { Message = "x" }, idempotencyKey: "k");

        Assert.That(two.Id, Is.EqualTo(one.Id));
        Assert.That(
            async () => await forking.ForkAsync(first.Id, new ForkRequest { Message = "y" }, idempotencyKey: "k"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.IdempotencyKeyReused));
        await host.Reader.WaitForEndAsync(one.Id);
    }

    /// <summary>A host whose runs make two calls and are done.</summary>
    private static Task<RunHost> StartAsync(Interruption meanwhile) => RunHost.StartAsync(
        meanwhile.Install,
        static request => request.Turn < 2 ? ChatReply.Call("echo", new { text = "x" }) : ChatReply.Say("done"), [Echo]);
}
