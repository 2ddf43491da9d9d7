using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Swarm;

/// <summary>What people see of a tree: over the API while it is at work, and in <c>watch --tree</c>.</summary>
[CancelAfter(300_000)]
internal sealed class WatchTreeTests
{
    [Test]
    public async Task Tree_OverTheApiAndInWatch_ShowsWhoDoesWhatWhatItCostsAndWhatWaitsForWhom(CancellationToken cancellationToken)
    {
        var atWork = new SemaphoreSlim(0);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
            request.Messages[0].GetProperty("content").ToString().Contains("You lead.", StringComparison.Ordinal)
                ? request.Turn switch
                {
                    0 => ChatReply.Call("create_subagent", new { name = "reader", system_prompt = "You read." }),
                    1 => new ChatReply
                    {
                        Calls = [.. new[] { "north", "south" }.Select(static part => ChatReplyCall.Of("assign_task",
                            new { agent = "reader", prompt = $"Read the {part}." }))],
                    },
                    _ => ChatReply.Say("Both were read."),
                }
                : ChatReply.Say("It was read.") with
                {
                    Before = async token =>
                    {
                        atWork.Release();
                        await go.Task.WaitAsync(token);
                    },
                });
        await using ApiHost host = await ApiHost.StartAsync(model, build: static builder => builder.Services.AddAgent(
            Agent.Create("chief").WithInstructions("You lead.").WithDelegation(Delegation.Kimi).Build()));
        using HttpResponseMessage submitted = await host.Http.PostAsync(
            "/api/runs", new StringContent("""{"agent": "chief", "goal": "Have it read."}""", System.Text.Encoding.UTF8,
                "application/json"), cancellationToken);
        string id = (await ReadAsync(submitted, cancellationToken)).GetProperty("id").GetString()!;
        await atWork.WaitAsync(cancellationToken);
        await atWork.WaitAsync(cancellationToken);

        using HttpResponseMessage answer = await host.Http.GetAsync($"/api/runs/{id}/tree", cancellationToken);
        JsonElement tree = await ReadAsync(answer, cancellationToken);
        Assert.That((Text(tree, "status"), tree.GetProperty("waitingFor").GetProperty("kind").GetString()),
            Is.EqualTo(("waiting", "subAgents")));
        JsonElement[] children = [.. tree.GetProperty("children").EnumerateArray()];
        Assert.That(
            children.Select(static child => (Text(child, "name"), Text(child, "goal"), Text(child, "status"))),
            Is.EqualTo(new[] { ("reader", "Read the north.", "running"), ("reader", "Read the south.", "running") }));

        await using ProgramProcess watch = ProgramProcess.Start((OpenAIProtocolServer?)null, Path.GetTempPath(), "watch", id,
            "--tree", "--server", host.Http.BaseAddress!.ToString());
        go.SetResult();
        Assert.That(await watch.WaitAsync(), Is.Zero, watch.Errors);
        Assert.That(watch.Output, Does.Contain("chief completed: 8 steps (6 critical), ").And.Contain("· Have it read."));
        Assert.That(watch.Output,
            Does.Match(@"\n  2-0 reader completed: 1 steps \(1 critical\), [\d,]+ tokens · Read the north\.\n"));
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken));

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
