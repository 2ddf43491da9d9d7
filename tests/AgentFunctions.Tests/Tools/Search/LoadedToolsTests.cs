using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools.Search;

/// <summary>What a run has loaded goes with it from one execution to the next.</summary>
[CancelAfter(300_000)]
internal sealed class LoadedToolsTests
{
    private const int Turns = 160;

    private static readonly string[] Wanted = ["mcp__odd__report_777", "mcp__odd__report_3"];

    [Test]
    public async Task Run_ContinuesAsNewAfterTheLoad_KeepsTheToolsAndCallsThem(CancellationToken cancellationToken)
    {
        var events = new List<int>();
        RunHost? used = null;
        var isHalfDone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isRestarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AgentTool measure = new(
            AgentTool.CreateFunction("measure", "Counts.", async (ToolContext context) =>
            {
                int count = await used!.Get<IOrchestrationClient>().ReadHistoryAsync(context.RunId).CountAsync(cancellationToken);
                events.Add(count);
                return count;
            }),
            ToolEffect.None);
        await using RunHost host = used = await RunHost.StartAsync(
            ManyTools.AddServer,
            request => request.Turn switch
            {
                0 => ChatReply.Call("search_tools", new { names = new[] { Wanted[0] } }),
                70 => ChatReply.Call("search_tools", new { names = new[] { Wanted[1] } }),
                80 => ChatReply.Call("measure", new { }) with
                {
                    Before = token =>
                    {
                        isHalfDone.TrySetResult();
                        return isRestarted.Task.WaitAsync(token);
                    },
                },
                < Turns => ChatReply.Call("measure", new { }),
                Turns => new ChatReply
                {
                    Calls = [.. Wanted.Select(static name => ChatReplyCall.Of(name,
                    new { customer = "ann" }))]
                },
                _ => ChatReply.Say(string.Join("; ", request.Results)),
            },
            [measure]);

        Run run = await host.SubmitAsync();
        await isHalfDone.Task.WaitAsync(cancellationToken);
        Task restarted = host.RestartAsync();
        isRestarted.TrySetResult();
        await restarted;
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "report_777 for ann; report_3 for ann")),
            run.Error?.ToString());
        Assert.That(events.Zip(events.Skip(1)).Count(static pair => pair.Second < pair.First), Is.GreaterThanOrEqualTo(3),
            "it continued as new");
        foreach (ChatRequest request in host.Model.Requests.Where(static request => request.Turn is > 0 and <= 70))
        {
            Assert.That(request.Tools, Does.Contain(Wanted[0]).And.Not.Contain(Wanted[1]), $"turn {request.Turn}");
        }

        foreach (ChatRequest request in host.Model.Requests.Where(static request => request.Turn > 70))
        {
            Assert.That(request.Tools.TakeLast(2), Is.EqualTo(Wanted), $"turn {request.Turn}: in the order of their loading");
        }
    }
}
