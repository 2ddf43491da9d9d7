using System.Net;
using System.Text.Json.Nodes;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Submissions that wait for the end of the run.</summary>
[CancelAfter(300_000)]
internal sealed class WaitPreferenceTests
{
    [TestCase("wait=60")]
    [TestCase("respond-async, Wait = \"50\"; strict")]
    [TestCase("wait=100000")]
    public async Task Submit_RunThatEndsInTime_IsAnsweredWithItsResult(string preference)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Done."));
        await using ApiHost host = await ApiHost.StartAsync(model);

        using HttpResponseMessage answer = await SubmitAsync(host, preference);

        JsonNode run = await answer.JsonAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(((string?)run["status"], (string?)run["result"]?["text"]), Is.EqualTo(("completed", "Done.")));
        Assert.That(answer.Headers.GetValues("Preference-Applied").Single(), Does.Match("^wait=[56]0$"));
        Assert.That(answer.Headers.Location?.OriginalString, Is.EqualTo((string?)run["links"]!["self"]));
    }

    [Test]
    public async Task Submit_RunThatGoesOn_IsAcceptedAfterTheWait()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            ChatReply.Say("Done.") with { Before = static cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken) });
        await using ApiHost host = await ApiHost.StartAsync(model);

        using HttpResponseMessage answer = await SubmitAsync(host, "wait=1");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(answer.Headers.GetValues("Preference-Applied").Single(), Is.EqualTo("wait=1"));
        Assert.That((string?)(await answer.JsonAsync())["status"], Is.Not.EqualTo("completed"));
    }

    [TestCase("wait=soon")]
    [TestCase("wait=-1")]
    [TestCase("return=minimal")]
    public async Task Submit_PreferenceThatIsNone_IsAcceptedAtOnce(string preference)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(ChatReply.Say("Done."));
        await using ApiHost host = await ApiHost.StartAsync(model);

        using HttpResponseMessage answer = await SubmitAsync(host, preference);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(answer.Headers.Contains("Preference-Applied"), Is.False);
    }

    private static Task<HttpResponseMessage> SubmitAsync(ApiHost host, string preference)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = Call.Json("""{"goal":"x"}""") };
        request.Headers.TryAddWithoutValidation("Prefer", preference);
        return host.Http.SendAsync(request, TestContext.CurrentContext.CancellationToken);
    }
}
