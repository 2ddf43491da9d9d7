using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A client of A2A sends its answer again: it answers what it answered before, or nothing.</summary>
[CancelAfter(300_000)]
internal sealed class A2ARepeatedAnswerTests
{
    [Test]
    public async Task Yes_SentAgainWhenAnotherCallWaits_ApprovesNothingElse(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await DoorHost.StartAsync(
            static request => request.Turn < 2 ? ChatReply.Call("send", new { at = request.Turn }) : ChatReply.Say("Done."),
            [AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static (int at) => $"sent {at}")],
            DoorHost.WithApproval(folder));
        string task = await SendAsync(host, "goal", "Send it.", null, cancellationToken);
        Approval first = await OpenAsync(host, task, null, cancellationToken);

        await SendAsync(host, "m1", "yes", task, cancellationToken);
        Approval second = await OpenAsync(host, task, first.Id, cancellationToken);
        await SendAsync(host, "m1", "yes", task, cancellationToken);
        await SendAsync(host, "m1", "yes", task, cancellationToken);
        Approval still = await host.Get<ApprovalService>().GetAsync(second.Id, null, cancellationToken);
        int messages = await host.Get<Journal>().ReadAsync(task, 0, null, cancellationToken)
            .CountAsync(static one => one.Event.Type == JournalEventTypes.MessageReceived, cancellationToken);
        await SendAsync(host, "m2", "yes", task, cancellationToken);
        Run run = await host.Get<RunReader>().WaitForEndAsync(task, cancellationToken);

        Assert.That(await SendAsync(host, "m2", "yes", task, cancellationToken), Is.EqualTo(task), "taken before it ended");
        Assert.That((still.State, still.Votes.Count), Is.EqualTo((ApprovalState.Pending, 0)), "nobody has seen it");
        Assert.That(messages, Is.Zero, "nor is the answer said to the agent");
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
    }

    private static Task<Approval> OpenAsync(ApiHost host, string task, string? but, CancellationToken cancellationToken) =>
        Poll.ForAsync(
            async () => (await host.Get<ApprovalService>().ListOfTreeAsync(task, null, cancellationToken))
                .FirstOrDefault(open => open.Id != but),
            cancellationToken)!;

    private static async Task<string> SendAsync(ApiHost host, string id, string text, string? task,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "a2a/worker/message:send")
        {
            Content = JsonContent.Create(new
            {
                message = new { messageId = id, role = "ROLE_USER", taskId = task, parts = new[] { new { text } } },
                configuration = new { returnImmediately = true },
            }),
        };
        request.Headers.Add("A2A-Version", "1.0");
        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        string told = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(response.IsSuccessStatusCode, told);
        return JsonElement.Parse(told).GetProperty("task").GetProperty("id").GetString()!;
    }
}
