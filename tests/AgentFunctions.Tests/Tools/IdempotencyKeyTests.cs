using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools;

[CancelAfter(300_000)]
internal sealed class IdempotencyKeyTests
{
    [Test]
    public async Task Http_OfATool_CarriesAKeyThatIsItsOwnForEveryRequest()
    {
        await using OpenAIProtocolServer other = await OpenAIProtocolServer.StartAsync(_ => ChatReply.Say("ok"));
        AgentTool post = AgentTool.Create("post", "Posts.", ToolEffect.Idempotent, async (ToolContext context) =>
        {
            await Post(context, null);
            await Post(context, null);
            await Post(context, "mine");
        });
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0
                ? new ChatReply { Calls = [ChatReplyCall.Of("post", new { }), ChatReplyCall.Of("post", new { })] }
                : ChatReply.Say(string.Join('|', request.Results)),
            [post], null, ("Governance:Network:Allow:0", "127.0.0.1"));

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Is.EqualTo("(done)|(done)"));
        Assert.That(
            other.Requests.Select(request => request.Headers["idempotency-key"]),
            Is.EquivalentTo(new[] { $"{run.Id}/1/0/0", $"{run.Id}/1/0/1", "mine", $"{run.Id}/1/1/0", $"{run.Id}/1/1/1",
                "mine" }));

        async Task Post(ToolContext context, string? key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{other.BaseUrl}/chat/completions")
            {
                Content = new StringContent("""{"model":"m","messages":[{"role":"user","content":"x"}]}"""),
            };
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            (await context.Http.SendAsync(request)).Dispose();
        }
    }
}
