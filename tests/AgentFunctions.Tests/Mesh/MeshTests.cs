using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Mesh;
using AgentFunctions.Mesh.Cards;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.AspNetCore.Doors;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Mesh;

/// <summary>Agents that find and call each other, on one host and on two.</summary>
[CancelAfter(300_000)]
internal sealed class MeshTests
{
    [Test]
    public async Task Agent_OfAnotherHost_IsFoundCalledAndPaidFor(CancellationToken cancellationToken)
    {
        await using ApiHost other =
            await MeshHosts.StartAsync(static _ => ChatReply.Say("Forty-two.") with { Usage = new ChatReplyUsage(1_000) });
        await using ApiHost host = await MeshHosts.StartAsync(static request => request.Turn == 0
            ? ChatReply.Call("find_agents", new { query = "helper" })
            : request.Turn == 1
                ? ChatReply.Call("call_agent",
                    new { agent = "helper", message = "What is the answer?", data = new { of = "everything" } })
                : ChatReply.Say($"I heard: {string.Join(' ', request.Messages)}"));
        host.Know("helper", other.Client.BaseAddress!,
            configure: static agent => agent.Trust = AgentFunctions.Mesh.MeshTrust.SignedCard);

        Run run = await host.LeadAsync("Ask.", cancellationToken, new Budget { Steps = 40, Tokens = 1_000_000 });

        Assert.That(run.Result?.Text, Does.Contain("helper, on another host").And.Contain("Forty-two."), run.Error?.Message);
        Run theirs = (await other.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items.Single();
        Assert.That(theirs.Goal, Is.EqualTo("What is the answer?"));
        Assert.That(theirs.Budget?.Granted.Steps, Is.InRange(1, 20), "half of what is left at the most");
        Assert.That(run.Usage.InputTokens, Is.GreaterThanOrEqualTo(1_000), "what the other host spent is counted");
        RunRecord record = await other.Get<RunStore>().GetAsync(theirs.Id, cancellationToken);
        Assert.That(record.Via, Is.EqualTo(new[] { await host.Get<CardKeys>().HostIdAsync(cancellationToken) }));
    }

    [Test]
    public async Task Calls_OfOneTurn_ShareHalfOfWhatIsLeft(CancellationToken cancellationToken)
    {
        await using ApiHost other = await MeshHosts.StartAsync(static _ => ChatReply.Say("Done."));
        await using ApiHost host = await MeshHosts.StartAsync(static request => request.Turn == 0
            ? new ChatReply
            {
                Calls = [.. Enumerable.Range(0, 4).Select(static part =>
                    ChatReplyCall.Of("call_agent", new { agent = "helper", message = $"Do part {part}." }))],
            }
            : ChatReply.Say("All is done."));
        host.Know("helper", other.Client.BaseAddress!);

        Run run = await host.LeadAsync("Ask.", cancellationToken, new Budget { Steps = 40, Tokens = 1_000_000 });

        Assert.That(run.Result?.Text, Is.EqualTo("All is done."), run.Error?.Message);
        IReadOnlyList<Run> theirs = (await other.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items;
        Assert.That(theirs, Has.Count.EqualTo(4));
        Assert.That(theirs.Sum(static one => one.Budget?.Granted.Steps), Is.InRange(4, 20));
        Assert.That(theirs.Sum(static one => one.Budget?.Granted.Tokens), Is.InRange(4, 500_000));
    }

    [Test]
    public async Task Agent_OfThisHost_IsASubAgent(CancellationToken cancellationToken)
    {
        await using ApiHost host = await MeshHosts.StartAsync(static request => request.IsLead()
            ? MeshHosts.Lead(request, "worker", "Do it.")
            : ChatReply.Say("Done here."));

        Run run = await host.LeadAsync("Ask.", cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("Done here."), run.Error?.Message);
        RunTree tree = await host.Get<RunTreeReader>().GetAsync(run.Id, cancellationToken);
        Assert.That(tree.Children.Select(static one => one.Run.Agent), Is.EqualTo(new[] { "worker" }));
    }

    [Test]
    public async Task Circle_OfHosts_IsRefusedAndEndsNoRun(CancellationToken cancellationToken)
    {
        await using ApiHost first = await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "next", "Go on."));
        await using ApiHost second = await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "next", "Go on."));
        first.Know("next", second.Client.BaseAddress!, "lead");
        second.Know("next", first.Client.BaseAddress!, "lead");

        Run run = await first.LeadAsync("Go.", cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(run.Result?.Text, Does.Contain("in a circle"));
        Assert.That(first.Model.Count, Is.EqualTo(2), "the first host has worked on one run only");
    }

    [Test]
    public async Task Chain_DeeperThanAllowed_IsRefused(CancellationToken cancellationToken)
    {
        await using ApiHost third = await MeshHosts.StartAsync(static _ => ChatReply.Say("The end."));
        await using ApiHost second = await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "next", "Go on."),
            ("Swarm:MaxDepth", "1"));
        await using ApiHost first = await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "next", "Go on."));
        first.Know("next", second.Client.BaseAddress!, "lead");
        second.Know("next", third.Client.BaseAddress!);

        Run run = await first.LeadAsync("Go.", cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("Swarm:MaxDepth is 1"));
    }

    [Test]
    public async Task Task_ThatAsks_IsAnsweredByTheModel(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost other = await MeshHosts.StartAsync(
            static request => request.Turn == 0
                ? ChatReply.Call("send", new { })
                : ChatReply.Say($"It was {request.Results[^1]}."),
            DoorHost.WithApproval(folder));
        await using ApiHost host = await MeshHosts.StartAsync(static request => request.Turn switch
        {
            0 => ChatReply.Call("call_agent", new { agent = "helper", message = "Send it." }),
            1 => ChatReply.Call("call_agent", new
            {
                agent = "helper",
                message = "yes",
                task = request.Results[^1].Split("task '")[1].Split('\'')[0],
            }),
            _ => ChatReply.Say(string.Join('\n', request.Messages)),
        });
        host.Know("helper", other.Client.BaseAddress!);

        Run run = await host.LeadAsync("Ask.", cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("asks: ").And.Contain("It was sent."), run.Error?.Message);
        Assert.That(
            (await other.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items, Has.Count.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Run_ThatEndsWhileTheTaskAsks_CancelsItUnlessItCompletes(bool completes, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost other = await MeshHosts.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("send", new { }) : ChatReply.Say("Sent."),
            DoorHost.WithApproval(folder));
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ApiHost host = await MeshHosts.StartAsync(request => request.Turn == 0
            ? ChatReply.Call("call_agent", new { agent = "helper", message = "Send it." })
            : ChatReply.Say(request.Results[^1]) with
            {
                Before = token =>
                {
                    heard.TrySetResult();
                    return completes ? Task.CompletedTask : new TaskCompletionSource().Task.WaitAsync(token);
                },
            });
        host.Know("helper", other.Client.BaseAddress!);
        Run run = await host.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "lead", Goal = "Ask." }, Caller.Local, null, cancellationToken);
        await heard.Task.WaitAsync(cancellationToken);

        if (!completes)
        {
            await host.Get<RunSteering>().CancelAsync(run.Id, Caller.Local, "enough", null, cancellationToken);
        }

        run = await host.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
        Run theirs = (await other.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items.Single();

        IReadOnlyList<MeshCall> known = await host.Get<MeshCalls>().OfRunAsync(run.Id, cancellationToken);
        if (completes)
        {
            Assert.That((run.Status, theirs.IsEnded), Is.EqualTo((RunStatus.Completed, false)), run.Error?.Message);
            Assert.That(known.Select(static call => call.Asks), Is.EqualTo(new[] { true }));
        }
        else
        {
            theirs = await other.Get<RunReader>().WaitForEndAsync(theirs.Id, cancellationToken);
            Assert.That((theirs.Status, known.Count), Is.EqualTo((RunStatus.Cancelled, 0)));
        }
    }

    [Test]
    public async Task Run_ThatIsCancelled_CancelsTheTaskOfTheOtherHost(CancellationToken cancellationToken)
    {
        await using ApiHost other = await MeshHosts.StartAsync(static _ => ChatReply.Say("Late.") with
        {
            Before = static token => new TaskCompletionSource().Task.WaitAsync(token),
        });
        await using ApiHost host =
            await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "helper", "Take your time."));
        host.Know("helper", other.Client.BaseAddress!);
        AgentGateway gateway = host.Get<AgentGateway>();
        Run run = await gateway.SubmitAsync(new RunRequest { Agent = "lead", Goal = "Ask." }, Caller.Local, null,
            cancellationToken);
        await Poll.UntilAsync(
            async () => other.Model.Count > 0
                && await host.Get<MeshCalls>().OfRunAsync(run.Id, cancellationToken) is [{ TaskId.Length: > 0 }],
            cancellationToken);

        await host.Get<RunSteering>().CancelAsync(run.Id, Caller.Local, "enough", null, cancellationToken);
        Run theirs = (await other.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items.Single();
        Run ended = await other.Get<RunReader>().WaitForEndAsync(theirs.Id, cancellationToken);

        Assert.That(ended.Status, Is.EqualTo(RunStatus.Cancelled));
    }
}
