using System.Diagnostics;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Diagnostics;

/// <remarks>A listener hears all runs of the process.</remarks>
[NonParallelizable]
[CancelAfter(300_000)]
internal sealed class RunTraceTests
{
    private const string Secret = "tok-8f3a9c1e77";

    private static readonly AgentTool Pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent,
        static (string to) => $"paid {to} by {Secret}");

    [Test]
    public async Task Run_CallIsApproved_SpansTellPolicyAndApprovalAndNothingThatWasSaid(CancellationToken cancellationToken)
    {
        using var spans = new SpanLog();
        await using GovernedRun run = await GovernedRun.StartAsync(
            "rules:\n  - { name: ask-first, when: { tool: pay }, then: ask, approval: { roles: [lead], expires: 4h } }\n",
            [ChatReplyCall.Of("pay", new { to = "Ada" })], [Pay]);
        Run submitted = await run.Host.SubmitAsync("Pay Ada.");
        Approval asked = await run.ApprovalOfAsync(submitted.Id, cancellationToken);
        await run.Desk.DecideAsync(asked.Id, new Caller("eve") { Roles = ["lead"] }, true, null, null, cancellationToken);
        await run.Host.Reader.WaitForEndAsync(submitted.Id, cancellationToken);
        await Poll.UntilAsync(() => spans.Of(submitted.Id).Any(static span => span.DisplayName == "run worker"),
            cancellationToken);

        Activity root = spans.Of(submitted.Id, "invoke_agent worker");
        Activity[] calls = [.. spans.Of(submitted.Id).Where(static span => span.DisplayName == "execute_tool pay")];
        Assert.That(spans.Of(submitted.Id).Select(static span => span.TraceId).Distinct(), Is.EqualTo([root.TraceId]));
        Assert.That(calls.Select(static call => call.ParentSpanId), Is.All.EqualTo(root.SpanId));
        Assert.That(
            (calls[0].GetTagItem("agentfunctions.outcome"), calls[0].GetTagItem("agentfunctions.waits_for"),
                calls[0].GetTagItem("agentfunctions.policy.verdict")),
            Is.EqualTo(("waiting", "approval", "Ask")));
        Assert.That(
            (calls[^1].GetTagItem("agentfunctions.policy.rule"), calls[^1].GetTagItem("agentfunctions.approval.id"),
                calls[^1].GetTagItem("agentfunctions.effect")),
            Is.EqualTo(("ask-first", asked.Id, "NotIdempotent")));
        Assert.That(calls[^1].GetTagItem("gen_ai.tool.call.result"), Is.Null);
        Assert.That(spans.Of(submitted.Id, "chat scripted").GetTagItem("gen_ai.input.messages"), Is.Null);
    }

    [Test]
    public async Task Steering_OfARun_HasSpansInItsTrace(CancellationToken cancellationToken)
    {
        using var spans = new SpanLog();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RunHost host =
            await RunHost.StartAsync(_ => ChatReply.Say("Done.") with { Before = token => told.Task.WaitAsync(token) });
        Run run = await host.SubmitAsync("Wait.");

        await host.Steering.SendAsync(run.Id, "Hurry.", cancellationToken: cancellationToken);
        await host.Steering.PauseAsync(run.Id, new Caller("eve") { Roles = [CallerRoles.Operator] },
            cancellationToken: cancellationToken);
        await host.Steering.ResumeAsync(run.Id, cancellationToken: cancellationToken);
        AgentException refused = Assert.ThrowsAsync<AgentException>(
            () => host.Steering.CancelAsync(run.Id, new Caller("key:stranger") { Roles = [CallerRoles.Submitter] },
                cancellationToken: cancellationToken))!;
        told.SetResult();
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Activity root = spans.Of(run.Id, "invoke_agent worker");
        Activity[] steered = [.. spans.Of(run.Id).Where(static span => span.DisplayName == "steer worker")];
        Assert.That(
            steered.Select(static span => (span.GetTagItem("agentfunctions.act"), span.GetTagItem("error.type"))),
            Is.EqualTo(new (object?,
                object?)[] { ("message", null), ("pause", null), ("resume", null), ("cancel", refused.Code.ToString()) }));
        Assert.That(steered.Select(static span => (span.TraceId, span.ParentSpanId)),
            Is.All.EqualTo((root.TraceId, root.SpanId)));
    }

    [Test]
    public async Task Run_MessageContentIsAskedFor_SpansHaveItWithoutSecrets(CancellationToken cancellationToken)
    {
        using var spans = new SpanLog();
        await using GovernedRun run = await GovernedRun.StartAsync(
            "rules:\n  - { name: pay, when: { tool: pay }, then: allow }\n",
            [ChatReplyCall.Of("pay", new { to = $"Ada {Secret}" })], [Pay],
            ("Telemetry:MessageContent", "true"));
        run.Host.Get<Redactor>().Add("token", Secret);
        Run ended = await run.Host.RunAsync($"Pay Ada with {Secret}.");

        Activity call = spans.Of(ended.Id, "execute_tool pay");
        Activity answer = spans.Of(ended.Id).Last(static span => span.DisplayName == "chat scripted");
        Assert.That(call.GetTagItem("gen_ai.tool.call.arguments"), Does.Contain("Ada"));
        Assert.That(call.GetTagItem("gen_ai.tool.call.result"), Does.Contain("paid Ada"));
        Assert.That(answer.GetTagItem("gen_ai.input.messages"), Does.Contain("Pay Ada with").And.Contain("tool_call_response"));
        Assert.That(answer.GetTagItem("gen_ai.output.messages"), Does.Contain("Result: paid Ada"));
        Assert.That(spans.Of(ended.Id).SelectMany(static span => span.Tags).Select(static tag => tag.Value),
            Has.None.Contains(Secret));
    }

    [Test]
    public async Task Run_AdmittedWhereNobodyListens_HasOneTraceWithItsSubAgents(CancellationToken cancellationToken)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RunHost host = await RunHost.StartAsync(
            request => Reply(request) with
            {
                Before = token =>
                {
                    asked.TrySetResult();
                    return listened.Task.WaitAsync(token);
                },
            },
            agent: static agent => agent.WithDelegation(Delegation.Kimi));
        Run submitted = await host.SubmitAsync();
        await asked.Task.WaitAsync(cancellationToken);
        using var spans = new SpanLog();
        listened.SetResult();
        await host.Reader.WaitForEndAsync(submitted.Id, cancellationToken);
        RunRecord record = await host.Get<RunStore>().GetAsync(submitted.Id, cancellationToken);
        await Poll.UntilAsync(() => spans.Of(submitted.Id).Any(static span => span.DisplayName == "run worker"),
            cancellationToken);

        Assert.That(record.TraceParent, Is.Null);
        RunRecord child = await host.Get<RunStore>().ListDescendantsAsync(submitted.Id, cancellationToken)
            .FirstAsync(cancellationToken);
        Activity[] all = [.. spans.Of(submitted.Id), .. spans.Of(child.Id)];
        Assert.That(all.Select(static span => span.DisplayName),
            Does.Contain("execute_tool assign_task").And.Contain("invoke_agent worker"));
        Assert.That(all.Select(static span => span.TraceId).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Fork_OfATracedRun_HasATraceOfItsOwnThatIsLinked(CancellationToken cancellationToken)
    {
        using var spans = new SpanLog();
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("Done."));
        Run source = await host.RunAsync();
        Run fork = await host.Get<RunForking>()
            .ForkAsync(source.Id, new ForkRequest { Turn = 0 }, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(fork.Id, cancellationToken);

        Activity root = spans.Of(source.Id, "invoke_agent worker");
        Activity forked = spans.Of(fork.Id, "invoke_agent worker");
        Assert.That(forked.TraceId, Is.Not.EqualTo(root.TraceId));
        Assert.That(forked.Links.Single().Context.SpanId, Is.EqualTo(root.SpanId));
        Assert.That(forked.GetTagItem("agentfunctions.run.forked_from"), Is.EqualTo(source.Id));
    }

    [Test]
    public async Task Run_EndpointFailsOnce_TheSpanCountsTheAttempts()
    {
        using var spans = new SpanLog();
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Index == 0 ? ChatReply.Error(503, "Try again.") : ChatReply.Say("Done."));
        Run ended = await host.RunAsync();

        Activity answer = spans.Of(ended.Id, "chat scripted");
        Assert.That(answer.GetTagItem("agentfunctions.attempt"), Is.EqualTo(2));
        Assert.That(answer.Events.Single().Tags,
            Does.Contain(KeyValuePair.Create<string, object?>("error.type", "ModelUnavailable")));
    }

    private static ChatReply Reply(ChatRequest request) => request switch
    {
        { Turn: 0 } when request.Messages[0].GetProperty("content").ToString().Contains("Work.", StringComparison.Ordinal) =>
            ChatReply.Call("create_subagent", new { name = "reader", system_prompt = "You read." }),
        { Turn: 1 } => ChatReply.Call("assign_task", new { agent = "reader", prompt = "Read." }),
        _ => ChatReply.Say("Done."),
    };
}
