using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Ledger;

/// <summary>A call that was begun when its run, or its step, was ended: nobody is told that it was not made.</summary>
[CancelAfter(300_000)]
internal sealed class CutOffCallTests
{
    private const string Unknown = "may or may not have taken effect";

    [TestCase(1)]
    [TestCase(2)]
    public async Task Run_TakenUpAfterACallWasCutOff_ReadsThatItsOutcomeIsUnknown(int calls, CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource();
        await using RunHost host = await StartAsync(begun, calls);
        Run run = await host.SubmitAsync();
        await begun.Task.WaitAsync(cancellationToken);
        await host.Steering.CancelAsync(run.Id, "ann", "enough", cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        await host.Steering.SendAsync(run.Id, "Go on.", cancellationToken: cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result!.Text, Does.Contain(Unknown).And.Contain("'pay'").And.Not.Contain("not made"));
    }

    [Test]
    public async Task Fork_OfARunWhoseCallWasCutOff_ReadsThatItsOutcomeIsUnknown(CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource();
        await using RunHost host = await StartAsync(begun, 1);
        Run run = await host.SubmitAsync();
        await begun.Task.WaitAsync(cancellationToken);
        await host.Steering.CancelAsync(run.Id, "ann", "enough", cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Run fork = await host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Turn = 1 }, cancellationToken: cancellationToken);
        fork = await host.Reader.WaitForEndAsync(fork.Id, cancellationToken);

        Assert.That(fork.Result!.Text, Does.Contain(Unknown));
    }

    [TestCase(LedgerState.Waiting, 0, false)]
    [TestCase(LedgerState.Waiting, 1, true)]
    [TestCase(LedgerState.Started, 0, true)]
    [TestCase(LedgerState.Unknown, 0, true)]
    public void Entry_WithoutAnOutcome_IsUnknownOnceTheCallWasBegun(LedgerState state, int repeats, bool isUnknown)
    {
        var entry = new LedgerEntry("pay", state, DateTimeOffset.UnixEpoch) { Repeats = repeats };

        Assert.That(entry.Told?.Code, Is.EqualTo(isUnknown ? ErrorCode.ToolOutcomeUnknown : (ErrorCode?)null));
    }

    [Test]
    public void Entry_OfACallThatWaitedForASubAgent_SaysThatItMayNeverHaveBegun() => Assert.That(
        new LedgerEntry(SwarmToolNames.AssignTask, LedgerState.Started, DateTimeOffset.UnixEpoch).Told?.Text,
        Does.Contain("or may never have begun"));

    [Test]
    public async Task Step_StoppedWhenItsToolHasJustAnswered_KeepsTheOutcome(CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource();
        bool isStopped = false;
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, () =>
        {
            if (isStopped)
            {
                stop.Cancel();
            }

            return "paid";
        });
        // The budget has room for the first of two calls.
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Turn == 0
                ? new ChatReply { Calls = [ChatReplyCall.Of("pay", new { }), ChatReplyCall.Of("pay", new { })] }
                : ChatReply.Say("Done."),
            [pay]);
        Run run = await host.RunAsync("Pay.", new RunRequest { Budget = new() { Steps = 3 } });
        CallLedger ledger = host.Get<CallLedger>();
        Assert.That(await ledger.FindAsync(run.Id, 1, 1, cancellationToken), Is.Null);
        isStopped = true;

        CallToolResult result = await host.Get<CallToolActivity>().RunAsync(
            new ActivityContext(run.Id, StepNames.CallTool, 1, stop.Token), new CallToolInput(run.Id, 1, 1, new ContextRef()));

        Assert.That(result.IsError, Is.False);
        LedgerEntry? entry = await ledger.FindAsync(run.Id, 1, 1, cancellationToken);
        Assert.That((entry!.State, entry.Outcome!.Text), Is.EqualTo((LedgerState.Finished, "paid")));
        List<AuditEntry> audit = await host.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken);
        Assert.That(audit.Where(static entry => entry is { Type: AuditTypes.CallFinished, Call: 1 }).ToArray(),
            Has.Length.EqualTo(1));
    }

    private static Task<RunHost> StartAsync(TaskCompletionSource begun, int calls)
    {
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, async (CancellationToken token) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        });
        AgentTool look = AgentTool.Create("look", "Looks.", ToolEffect.None, static () => "seen");
        ChatReplyCall[] asked = [ChatReplyCall.Of("look", new { }), ChatReplyCall.Of("pay", new { })];
        return RunHost.StartAsync(
            request => request.Turn == 0
                ? new ChatReply { Calls = asked[^calls..] }
                : ChatReply.Say(request.Last("tool") ?? "nothing"),
            [pay, look]);
    }
}
