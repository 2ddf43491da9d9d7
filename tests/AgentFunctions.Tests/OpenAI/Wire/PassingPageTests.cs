using AgentFunctions.Ledger;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>
/// A page in place of an answer is a wrong address at first, and something that passes once the endpoint has answered.
/// </summary>
[CancelAfter(300_000)]
public sealed class PassingPageTests
{
    private const string Page = "<!DOCTYPE html><html><body>We'll be back soon!</body></html>";

    [TestCase(200, Page, ErrorCode.ModelProtocolError)]
    [TestCase(302, "", ErrorCode.ModelProtocolError)]
    [TestCase(404, Page, ErrorCode.ModelProtocolError)]
    [TestCase(403, Page, ErrorCode.ModelUnauthorized)]
    [TestCase(200, """{"status":"maintenance"}""", ErrorCode.ModelProtocolError)]
    public async Task Page_InPlaceOfAnAnswer_PassesOnceThereWasOne(int status, string body, ErrorCode first)
    {
        ChatReply page = WireHost.Raw(body, status) with
        {
            Headers = new Dictionary<string, string> { ["Location"] = "/sign-in" },
        };
        await using WireHost host = await WireHost.StartAsync([page, ChatReply.Say("yes"), page, ChatReply.Say("yes")]);

        AgentException before = Assert.ThrowsAsync<AgentException>(() => host.AskAsync())!;
        await host.AskAsync();
        AgentException after = Assert.ThrowsAsync<AgentException>(() => host.AskAsync())!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Code, Is.EqualTo(first), before.Message);
            Assert.That(after.Code, Is.EqualTo(ErrorCode.ModelUnavailable), after.Message);
            Assert.That(after.Message, Does.Contain("retry later"));
            Assert.That(CallMarks.MayHaveConsumed(after), Is.False, "no provider charges for a page");
            Assert.That((await host.AskAsync()).Text, Is.EqualTo("yes"));
        }
    }

    [TestCase("""{"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"half of""")]
    [TestCase("""[{"choices":[{"index":0,"message":{"content":"yes"}}]}""")]
    public async Task Json_ThatIsCut_IsTransientAndMayBePaid(string body)
    {
        foreach (bool streaming in new[] { true, false })
        {
            await using WireHost host = await WireHost.StartAsync(body);

            AgentException error = Assert.ThrowsAsync<AgentException>(() => host.AskAsync(streaming))!;

            Assert.That((error.Code, error.IsTransient, CallMarks.MayHaveConsumed(error)),
                Is.EqualTo((ErrorCode.ModelStreamTruncated, true, true)), error.Message);
        }
    }
}
