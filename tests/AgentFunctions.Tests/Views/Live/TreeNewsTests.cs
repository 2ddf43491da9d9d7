using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Live;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Views.Live;

/// <summary>What sub-agents ask is told to those who follow their lead when it is asked, and not when they look again.</summary>
[CancelAfter(300_000)]
internal sealed class TreeNewsTests
{
    [TestCase("a.1-0", JournalEventTypes.ApprovalRequested, ExpectedResult = true)]
    [TestCase("a.1-0.2-1", JournalEventTypes.QuestionAsked, ExpectedResult = true)]
    [TestCase("a.1-0-3", JournalEventTypes.RunSubmitted, ExpectedResult = true)]
    [TestCase("a.1-0", JournalEventTypes.ToolStarted, ExpectedResult = false)]
    [TestCase("a", JournalEventTypes.ApprovalRequested, ExpectedResult = false)]
    [TestCase("ab.1-0", JournalEventTypes.ApprovalRequested, ExpectedResult = false)]
    public async Task<bool> News_OfARun_AreOfThoseBelowIt(string runId, string type)
    {
        var news = new TreeNews();
        Task next = news.Enter("a").Next;

        await news.WrittenAsync(runId, new JournalEvent(type, DateTimeOffset.UnixEpoch), CancellationToken.None);

        return next.IsCompleted;
    }

    /// <summary>The clock of the followers stands still, so that nobody looks who was not told to.</summary>
    [Test]
    public async Task Follower_OfALead_LooksWhenItsSubAgentAsks(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RunHost host = await RunHost.StartAsync(
            request => (request.Messages[1].GetProperty("content").ToString().Contains("Lead", StringComparison.Ordinal),
                request.Turn) switch
            {
                (true, 0) => ChatReply.Call("spawn", new { items = new[] { "one" }, template = "Look at {item}" }),
                (true, 1) => ChatReply.Call("wait", new { }),
                (false, 0) => ChatReply.Call("look", new { }) with { Before = goOn.Task.WaitAsync },
                (false, 1) => ChatReply.Say("looked") with { Before = end.Task.WaitAsync },
                _ => ChatReply.Say("done"),
            },
            [AgentTool.Create("look", "Looks.", ToolEffect.None, static () => "seen")],
            static agent => agent.WithDelegation(Delegation.Native));
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var news = new TreeNews();
        var journal = host.Get<Journal>();
        var states = new LiveStates(host.Reader, host.Get<RunTreeReader>(), news, time, NullLogger<LiveStates>.Instance);
        var feed = new LiveFeed(
            host.Get<RunFeed>(), journal, states, host.Get<ILiveStore>(), Options.Create(new LiveOptions()), time);
        Run lead = await host.SubmitAsync("Lead.");
        await using IAsyncEnumerator<RunSignal> told =
            feed.FollowStateAsync(lead.Id, 0, cancellationToken).GetAsyncEnumerator(cancellationToken);
        RunTree child = await NextAsync(static _ => true, TimeSpan.FromSeconds(1));

        goOn.SetResult();
        await Poll.UntilAsync(async () => (await host.Reader.GetAsync(child.Run.Id)).Turns > child.Run.Turns, cancellationToken);
        time.Advance(TimeSpan.FromSeconds(1.5));
        await news.WrittenAsync(
            child.Run.Id, new JournalEvent(JournalEventTypes.QuestionAsked, DateTimeOffset.UnixEpoch), cancellationToken);
        RunTree later = await NextAsync(node => node.Run.Turns > child.Run.Turns, TimeSpan.Zero);

        Assert.That(later.Run.Id, Is.EqualTo(child.Run.Id));
        end.SetResult();

        async Task<RunTree> NextAsync(Func<RunTree, bool> isMeant, TimeSpan step)
        {
            while (true)
            {
                Task<bool> next = told.MoveNextAsync().AsTask();
                await Poll.UntilAsync(
                    () =>
                    {
                        time.Advance(step);
                        return next.IsCompleted;
                    },
                    cancellationToken);
                Assert.That(await next, "the stream goes on");
                if (told.Current is TreePatched { Nodes: var nodes }
                    && nodes.FirstOrDefault(node => node.Run.Parent == lead.Id && isMeant(node)) is { } found)
                {
                    return found;
                }
            }
        }
    }
}
