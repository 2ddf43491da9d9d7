using System.Net;
using System.Text.Json.Nodes;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Submissions to the address of an agent.</summary>
[CancelAfter(300_000)]
internal sealed class AgentAddressTests
{
    [TestCase("""{"goal":"x"}""")]
    [TestCase("""{"goal":"x","agent":"lead"}""")]
    public async Task Submit_ToAnAgent_IsARunOfIt(string body)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Done."));
        await using ApiHost host = await ApiHost.StartAsync(model);

        using HttpResponseMessage answer = await SubmitAsync(host, "lead", body);

        JsonNode run = await answer.JsonAsync();
        Assert.That((answer.StatusCode, (string?)run["agent"]), Is.EqualTo((HttpStatusCode.Accepted, "lead")));
        Assert.That(answer.Headers.Location?.OriginalString, Is.EqualTo($"/api/runs/{run["id"]}"));
    }

    [TestCase("lead", """{"goal":"x","agent":"other"}""", HttpStatusCode.BadRequest, "the address names 'lead'")]
    [TestCase("nobody", """{"goal":"x"}""", HttpStatusCode.NotFound, "there is no agent 'nobody'")]
    public async Task Submit_ToAnotherAgent_IsRefusedWithTheRemedy(string agent, string body, HttpStatusCode status, string words)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        using HttpResponseMessage answer = await SubmitAsync(host, agent, body);

        Assert.That(answer.StatusCode, Is.EqualTo(status));
        Assert.That((string?)(await answer.JsonAsync())["detail"], Does.Contain(words));
    }

    private static Task<HttpResponseMessage> SubmitAsync(ApiHost host, string agent, string body) => host.Http.PostAsync(
        $"/api/agents/{agent}/runs", Call.Json(body), TestContext.CurrentContext.CancellationToken);
}
