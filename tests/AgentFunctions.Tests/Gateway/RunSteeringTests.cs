using AgentFunctions.Budgets;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Gateway;

[CancelAfter(300_000)]
internal sealed class RunSteeringTests
{
    private static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, (string text) => $"you said {text}");

    [Test]
    public async Task Cancel_ToolInFlight_CancelsItAndEndsTheRun()
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        AgentTool hang = AgentTool.Create("hang", "Waits for ever.", ToolEffect.None, async (CancellationToken token) =>
        {
            using CancellationTokenRegistration registration = token.Register(() => cancelled.TrySetResult());
            started.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        });
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Call("hang", new { }), [hang]);
        Run run = await host.SubmitAsync();
        await started.Task;

        await host.Steering.CancelAsync(run.Id, "ann", "enough");
        Run ended = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(ended.Status, Is.EqualTo(RunStatus.Cancelled));
        await cancelled.Task;
        Assert.That(
            async () => await host.Steering.CancelAsync(run.Id),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));
        Assert.That((await host.JournalAsync(run.Id))[^1].Code, Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task Send_WhileATurnIsAtWork_IsShownBeforeTheNextModelCallOnceAndInOrder()
    {
        var inTool = new TaskCompletionSource();
        var sent = new TaskCompletionSource();
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async () =>
        {
            inTool.TrySetResult();
            await sent.Task;
        });
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0 ? ChatReply.Call("hold", new { }) : ChatReply.Say("heard"), [hold]);
        Run run = await host.SubmitAsync();
        await inTool.Task;

        await host.Steering.SendAsync(run.Id, "first hint");
        await host.Steering.SendAsync(run.Id, "second hint");
        sent.SetResult();
        await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(host.Model.Count, Is.EqualTo(2));
        string[] said = [.. (await host.TranscriptAsync(run.Id)).Where(entry => entry.Message.Role == ChatRole.User)
            .Select(entry => entry.Message.Text)];
        Assert.That(said[1..], Is.EqualTo(new[] { "first hint", "second hint" }));
    }

    [Test]
    public async Task Send_ToAnEndedRun_ContinuesIt()
    {
        await using RunHost host = await RunHost.StartAsync(request => ChatReply.Say($"answer {request.Index + 1}"));
        Run first = await host.RunAsync();

        await host.Steering.SendAsync(first.Id, "And then?");
        Run run = await host.Reader.WaitForEndAsync(first.Id);

        Assert.That((run.Status, run.Turns, run.Result?.Text), Is.EqualTo((RunStatus.Completed, 2, "answer 2")));
        Assert.That(host.Model.Requests[1].Body.GetRawText(), Does.Contain("answer 1").And.Contain("And then?"));
    }

    [Test]
    public async Task Send_WhileTheLastAnswerIsMade_IsAnsweredToo()
    {
        var asked = new TaskCompletionSource();
        var sent = new TaskCompletionSource();
        await using RunHost host = await RunHost.StartAsync(request => ChatReply.Say($"answer {request.Index + 1}") with
        {
            Before = async _ =>
            {
                asked.TrySetResult();
                await sent.Task;
            },
        });
        Run run = await host.SubmitAsync();
        await asked.Task;

        await host.Steering.SendAsync(run.Id, "One more thing.");
        sent.SetResult();
        Run ended = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((ended.Turns, ended.Result?.Text), Is.EqualTo((2, "answer 2")));
        Assert.That(host.Model.Requests[1].Body.GetRawText(), Does.Contain("One more thing."));
    }

    [Test]
    public async Task Pause_ThenResume_StopsBetweenStepsAndGoesOn()
    {
        var inTool = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async () =>
        {
            inTool.TrySetResult();
            await go.Task;
        });
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0 ? ChatReply.Call("hold", new { }) : ChatReply.Say("done"), [hold]);
        Run run = await host.SubmitAsync();
        await inTool.Task;

        Run paused = await host.Steering.PauseAsync(run.Id);
        go.SetResult();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.That(paused.Status, Is.EqualTo(RunStatus.Paused));
        Assert.That(async () => await host.Reader.WaitForEndAsync(run.Id, soon.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(host.Model.Count, Is.EqualTo(1));

        await host.Steering.ResumeAsync(run.Id);
        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Grant_ToARunThatItsBudgetEnded_LetsItGoOn()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0 ? ChatReply.Say("so far")
                : request.Index < 12 ? ChatReply.Call("echo", new { text = "x" })
                : ChatReply.Say("done"),
            [Echo]);
        Run ended = await host.RunAsync(request: new() { Budget = new Budget { Steps = 5 } });
        Assert.That((ended.Status, ended.Error?.Code, ended.Steps),
            Is.EqualTo((RunStatus.BudgetExhausted, "StepLimitReached", 5)));
        Assert.That(ended.Result?.Text, Is.EqualTo("so far"));

        await host.Steering.GrantAsync(ended.Id, new Budget { Steps = 100 });
        Run run = await host.Reader.WaitForEndAsync(ended.Id);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "done")));
        Assert.That(run.Budget!.Granted.Steps, Is.EqualTo(105));
    }

    [Test]
    public async Task Send_ToARunThatItsBudgetHasEnded_IsKeptUntilMoreIsGranted()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0 || request.Index > 3
                ? ChatReply.Say(request.Last("user"))
                : ChatReply.Call("echo", new { text = "x" }), [Echo]);
        Run ended = await host.RunAsync(request: new() { Budget = new Budget { Steps = 3 } });
        int asked = host.Model.Count;

        await host.Steering.SendAsync(ended.Id, "And the rest?");
        Run still = await host.Reader.WaitForEndAsync(ended.Id);
        Assert.That((still.Status, host.Model.Count), Is.EqualTo((RunStatus.BudgetExhausted, asked)));

        await host.Steering.GrantAsync(ended.Id, new Budget { Steps = 20 });
        Run run = await host.Reader.WaitForEndAsync(ended.Id);
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That((await host.TranscriptAsync(run.Id)).Count(entry => entry.Message.Text == "And the rest?"
            && entry.Message.Role == ChatRole.User), Is.EqualTo(1));
    }

    [Test]
    public async Task Submit_WallClockBudget_EndsTheRunThoughAToolHangs()
    {
        AgentTool hang = AgentTool.Create(
            "hang", "Waits for ever.", ToolEffect.None, (CancellationToken token) => Task.Delay(Timeout.Infinite, token));
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Call("hang", new { }), [hang]);

        Run run = await host.RunAsync(request: new() { Budget = new Budget { WallClock = TimeSpan.FromMilliseconds(700) } });

        Assert.That((run.Status, run.Error?.Code), Is.EqualTo((RunStatus.BudgetExhausted, "TimeLimitReached")));
    }
}
