using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A rule that wants its decisions by no door: the form in which a program sends one makes no difference.</summary>
[CancelAfter(300_000)]
internal sealed class DoorOutOfBandTests
{
    [Test]
    public async Task Approval_OutOfBand_IsNotTakenByTheOpenAIDoorInEitherForm(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        int sent = 0;
        await using ApiHost host = await DoorHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("send", new { }) : ChatReply.Say("Done."),
            [AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, () => $"sent {Interlocked.Increment(ref sent)}")],
            DoorHost.WithKey,
            ("Governance:PolicyPath", folder.Write(
                "policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask, approval: {inBand: false}}]")));
        ApiKeys keys = host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local, cancellationToken);
        host.Client.DefaultRequestHeaders.Authorization = new(
            "Bearer",
            await keys.AddAsync("program", [CallerRoles.Submitter, CallerRoles.Approver], Caller.Local, cancellationToken));
        using HttpResponseMessage made = await host.Client.PostAsJsonAsync(
            "/v1/responses", new { model = "worker", input = "Send it.", background = true }, cancellationToken);
        string response = (await made.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        ApprovalService approvals = host.Get<ApprovalService>();
        Approval open = await Poll.ForAsync(
            async () => (await approvals.ListAsync(null, cancellationToken)).FirstOrDefault(), cancellationToken);

        JsonElement known = await host.Client.GetFromJsonAsync<JsonElement>("/api/approvals", cancellationToken);
        HttpStatusCode[] answers =
        [
            await AnswerAsync(new { type = "mcp_approval_response", approval_request_id = $"mcpr_{open.Id}", approve = true }),
            await AnswerAsync(new
            {
                type = "message",
                role = "user",
                content = new[]
                {
                    new { type = "function_approval_response", request_id = $"mcpr_{open.Id}", approved = true },
                },
            }),
        ];

        Assert.That(known.ToString(), Does.Contain(open.Id), "the program may see and decide it elsewhere");
        Assert.That(answers, Is.All.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await approvals.GetAsync(open.Id, null, cancellationToken)).Votes, Is.Empty);
        Assert.That(sent, Is.Zero);

        async Task<HttpStatusCode> AnswerAsync(object item)
        {
            using HttpResponseMessage answered = await host.Client.PostAsJsonAsync(
                "/v1/responses",
                new { model = "worker", previous_response_id = response, input = new[] { item }, background = true },
                cancellationToken);
            return answered.StatusCode;
        }
    }
}
